/// Comparing bytes unsigned, one by one, a prefix before what it begins: the order of positions.
package enum ByteOrder {
    /// Below 0 when `left` comes first, 0 when both are equal, above 0 when `right` comes first.
    @inlinable
    package static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let shared = min(left.count, right.count)
        var at = 0
        // Eight bytes at a time: big-endian words compare like their bytes.
        while shared &- at >= 8 {
            let one = left.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let two = right.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if one != two { return one.bigEndian < two.bigEndian ? -1 : 1 }
            at &+= 8
        }
        while at < shared {
            if left[at] != right[at] { return left[at] < right[at] ? -1 : 1 }
            at &+= 1
        }
        return left.count &- right.count
    }
}
