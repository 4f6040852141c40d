import CNghttp2
import TestSupport
import Testing

@testable import HTTP2

/// The allocator that libnghttp2 is given, against a record of what each block must hold.
@Suite struct SessionMemoryTests {
    private struct Block {
        let start: UnsafeMutableRawPointer
        let size: Int
        let mark: UInt8

        func fill() { start.initializeMemory(as: UInt8.self, repeating: mark, count: size) }
        func holdsMark(upTo count: Int) -> Bool {
            UnsafeRawBufferPointer(start: start, count: count).allSatisfy { $0 == mark }
        }
    }

    @Test(arguments: [21, 22, 23] as [UInt64]) func blocksAreApartAndKeepTheirBytes(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let memory = SessionMemory()
        let allocator = memory.allocator.pointee
        let lists = allocator.mem_user_data
        var blocks: [Block] = []
        for _ in 0..<4000 {
            let size =
                [0, 1, 15, 16, 17, 1023, 1024, 1025, 5000].randomElement(using: &random)! &+ Int(random.next() % 40)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let start = try #require(allocator.malloc(size, lists))
                #expect(Int(bitPattern: start) % 16 == 0)
                blocks.append(Block(start: start, size: size, mark: UInt8(truncatingIfNeeded: random.next())))
                blocks[blocks.count - 1].fill()
            case 2:
                guard let index = blocks.indices.randomElement(using: &random) else { continue }
                let block = blocks.remove(at: index)
                #expect(block.holdsMark(upTo: block.size))
                allocator.free(block.start, lists)
            default:
                guard let index = blocks.indices.randomElement(using: &random) else { continue }
                let old = blocks[index]
                let start = try #require(allocator.realloc(old.start, size, lists))
                let moved = Block(start: start, size: size, mark: old.mark)
                #expect(moved.holdsMark(upTo: min(size, old.size)))
                moved.fill()
                blocks[index] = moved
            }
        }
        for block in blocks {
            #expect(block.holdsMark(upTo: block.size))
            allocator.free(block.start, lists)
        }
        memory.free()
    }

    @Test func zeroedBlocksAreZeroAlsoWhenTheyWereUsed() throws {
        let memory = SessionMemory()
        let allocator = memory.allocator.pointee
        let lists = allocator.mem_user_data
        let used = try #require(allocator.malloc(64, lists))
        used.initializeMemory(as: UInt8.self, repeating: 0xff, count: 64)
        allocator.free(used, lists)
        let zeroed = try #require(allocator.calloc(8, 8, lists))
        #expect(zeroed == used)
        #expect(UnsafeRawBufferPointer(start: zeroed, count: 64).allSatisfy { $0 == 0 })
        allocator.free(zeroed, lists)
        memory.free()
    }

    @Test func impossibleSizesAreRefused() {
        let memory = SessionMemory()
        let allocator = memory.allocator.pointee
        #expect(allocator.calloc(.max, 2, allocator.mem_user_data) == nil)
        allocator.free(nil, allocator.mem_user_data)
        memory.free()
    }

    @Test func growingFromNothingAllocates() throws {
        let memory = SessionMemory()
        let allocator = memory.allocator.pointee
        let block = try #require(allocator.realloc(nil, 100, allocator.mem_user_data))
        #expect(allocator.realloc(block, 50, allocator.mem_user_data) == block)
        allocator.free(block, allocator.mem_user_data)
        memory.free()
    }
}
