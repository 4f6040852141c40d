import WireFormat

@testable import Migration

/// Keys in memory of exactly their size, so that AddressSanitizer sees a read beyond them.
enum KeyMemory {
    static func with<Result>(_ key: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: key.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: key)
        return body(UnsafeRawBufferPointer(copy))
    }
}

/// A key set behind a reference, because expectations take copyable values only.
final class HeldKeySet {
    let held: KeySet

    init(_ set: consuming KeySet) { held = set }

    convenience init(keys: [[UInt8]]) throws { self.init(try KeySet(keys: keys)) }

    var isEmpty: Bool { held.isEmpty }
    var count: Int { held.count }
    var bytes: Int { held.bytes }
    var longestSearch: Int { held.longestSearch }

    func contains(_ key: [UInt8]) -> Bool { KeyMemory.with(key) { held.contains($0) } }

    /// Asks with the pointer as it is.
    func contains(_ key: UnsafeRawBufferPointer) -> Bool { held.contains(key) }
}

/// A gray set behind a reference, because expectations take copyable values only.
final class HeldGraySet {
    static let migration = "orders"

    let held: GraySet

    init(
        everything: Bool = false, deny: consuming KeySet = KeySet(), allow: consuming KeySet = KeySet(),
        percentTimes100: UInt32 = 0
    ) {
        held = GraySet(
            everything: everything, deny: deny, allow: allow, percentTimes100: percentTimes100,
            cohort: Cohort(migration: Self.migration)
        )
    }

    var isAll: Bool { held.isAll }
    var isNone: Bool { held.isNone }

    func contains(_ key: String) -> Bool { KeyMemory.with(Array(key.utf8)) { held.contains($0) } }
}
