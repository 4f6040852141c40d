/// The upper bounds of the duration histograms: 50 us to 10 s in steps of about one half to two and a half, the same
/// for all.
package enum LatencyBuckets {
    /// In nanoseconds, ascending.
    package static let bounds: [UInt64] = [
        50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 500_000, 750_000,
        1_000_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000, 100_000_000, 200_000_000,
        500_000_000,
        1_000_000_000, 2_000_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// The bounds and one bucket for all that is longer.
    package static var count: Int { 23 }

    /// The bounds as a table of 32 that `position` halves without looking where it ends; never freed by its users.
    static func makeTable() -> UnsafeMutablePointer<UInt64> {
        precondition(bounds.count + 1 == count && count <= 32, "one bucket a bound and one more, in a table of 32")
        let table = UnsafeMutablePointer<UInt64>.allocate(capacity: 32)
        table.initialize(repeating: .max, count: 32)
        for (index, bound) in bounds.enumerated() { table[index] = bound }
        return table
    }

    /// The first bucket whose bound is not below `nanoseconds`: five steps, no branch that depends on it.
    @inline(__always)
    static func position(of nanoseconds: UInt64, in table: UnsafePointer<UInt64>) -> Int {
        var position = 0
        var step = 16
        while step > 0 {
            if table[position &+ step &- 1] < nanoseconds { position &+= step }
            step >>= 1
        }
        return position
    }
}
