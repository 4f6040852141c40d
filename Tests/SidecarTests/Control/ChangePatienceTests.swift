import Testing

@testable import Sidecar

/// Contract, 2: a change waits for unread writes for `settle_after` at most, and for those once more that a late worker
/// has begun; a hold that is taken back is tried again after a second.
@Suite struct ChangePatienceTests {
    private static let second: UInt64 = 1_000_000_000

    @Test(arguments: [1, 30, 45, 3600] as [UInt64], [1, 2, 30] as [UInt64])
    func itIsLongerThanWhatIsWaitedFor(settleAfter: UInt64, handoverWait: UInt64) {
        var limits = Limits()
        limits.settleAfter = settleAfter * Self.second
        limits.handoverWait = handoverWait * Self.second
        let patience = ChangePatience(limits)
        let attempts = 3 * (handoverWait + 1) * Self.second
        #expect(patience.nanoseconds(isTaken: true, isDelayed: false) > attempts)
        #expect(patience.nanoseconds(isTaken: true, isDelayed: true) > attempts + 2 * limits.settleAfter)
        #expect(patience.longest > patience.nanoseconds(isTaken: true, isDelayed: true))
        // A file that nobody looks at is not waited for as long.
        #expect(patience.nanoseconds(isTaken: false, isDelayed: false) == 15 * Self.second)
    }
}
