import Testing

@testable import Sidecar

@Suite struct LatencyBucketsTests {
    @Test func boundsAscendFromFiftyMicrosecondsToTenSeconds() {
        let bounds = LatencyBuckets.bounds
        #expect(bounds.first == 50_000 && bounds.last == 10_000_000_000)
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 && $1 <= $0 * 5 / 2 })
        #expect(LatencyBuckets.count == bounds.count + 1)
    }

    @Test func everyDurationFallsIntoTheFirstBucketThatHoldsIt() {
        let table = LatencyBuckets.makeTable()
        defer { table.deallocate() }
        var durations: [UInt64] = [0, 1, .max, .max - 1, 1 << 63]
        for bound in LatencyBuckets.bounds { durations += [bound - 1, bound, bound + 1] }
        for duration in durations {
            let expected = LatencyBuckets.bounds.firstIndex { duration <= $0 } ?? LatencyBuckets.bounds.count
            #expect(LatencyBuckets.position(of: duration, in: table) == expected, "\(duration) ns")
        }
    }
}
