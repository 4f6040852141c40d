import CNghttp2
import Glibc

/// Memory for nghttp2: free lists by size class, for one thread.
///
/// Classes of 16 bytes up to 1 KiB, larger blocks from malloc; a 16-byte header holds the class. Allocation is most
/// of what nghttp2 does besides HPACK, and per-thread lists cost a tenth fewer instructions a call than malloc. A
/// list's blocks are not returned to malloc: they are at most what was in use at one time.
struct SessionMemory {
    private static var classes: Int { 65 }
    private static var header: Int { 16 }
    private static var largeMark: Int { 0x80 }

    let allocator: UnsafeMutablePointer<nghttp2_mem>

    init() {
        let lists = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: Self.classes)
        lists.initialize(repeating: nil, count: Self.classes)
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: nghttp2_mem(
                mem_user_data: lists,
                malloc: { size, lists in SessionMemory.allocate(size, lists) },
                free: { block, lists in SessionMemory.release(block, lists) },
                calloc: { count, size, lists in
                    let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
                    guard !overflow, let block = SessionMemory.allocate(bytes, lists) else { return nil }
                    return memset(block, 0, bytes)
                },
                realloc: { block, size, lists in SessionMemory.reallocate(block, size, lists) }
            )
        )
    }

    /// Frees all lists; no block may be in use any more.
    func free() {
        let lists = allocator.pointee.mem_user_data.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        for index in 0..<Self.classes {
            while let block = lists[index] {
                lists[index] = block.load(as: UnsafeMutableRawPointer?.self)
                Glibc.free(block - Self.header)
            }
        }
        lists.deallocate()
        allocator.deallocate()
    }

    private static func allocate(_ size: Int, _ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        let lists = context.unsafelyUnwrapped.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        let sizeClass = (size &+ 15) &>> 4
        guard sizeClass < classes else {
            guard let block = malloc(size + header) else { return nil }
            block.storeBytes(of: size << 8 | largeMark, as: Int.self)
            return block + header
        }
        if let block = lists[sizeClass] {
            lists[sizeClass] = block.load(as: UnsafeMutableRawPointer?.self)
            return block
        }
        guard let block = malloc(max(sizeClass, 1) &* 16 &+ header) else { return nil }
        block.storeBytes(of: sizeClass, as: Int.self)
        return block + header
    }

    private static func release(_ block: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?) {
        guard let block else { return }
        let mark = (block - header).load(as: Int.self)
        guard mark & largeMark == 0 else { return Glibc.free(block - header) }
        let lists = context.unsafelyUnwrapped.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        block.storeBytes(of: lists[mark], as: UnsafeMutableRawPointer?.self)
        lists[mark] = block
    }

    private static func reallocate(
        _ block: UnsafeMutableRawPointer?, _ size: Int, _ context: UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        guard let block else { return allocate(size, context) }
        let mark = (block - header).load(as: Int.self)
        let present = mark & largeMark != 0 ? mark >> 8 : mark * 16
        if present >= size { return block }
        guard let larger = allocate(size, context) else { return nil }
        larger.copyMemory(from: block, byteCount: present)
        release(block, context)
        return larger
    }
}
