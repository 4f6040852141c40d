/// How long a command waits for its change to be in force before it is told that it is not yet. Pure.
struct ChangePatience: Sendable {
    /// Holds that may be taken back before a command is told so.
    static let attemptsAtMost = 3
    /// Longest wait for the switch file to be noticed, nanoseconds.
    private static let notice: UInt64 = 15_000_000_000
    /// What databases may take to be asked before a change is made (`NewOnlyScan`), and the time between two looks.
    private static let rest: UInt64 = 15_000_000_000

    private let holds: UInt64
    private let waits: UInt64

    init(_ limits: Limits) {
        holds = UInt64(Self.attemptsAtMost) * (limits.handoverWait + 1_000_000_000)
        // A worker that hears late of the change may have begun such a write meanwhile: that is waited for once more.
        waits = 2 * limits.settleAfter
    }

    /// - Parameters:
    ///   - isTaken: whether the change has been taken from the switch file.
    ///   - isDelayed: whether it waits for writes that were forwarded unread.
    func nanoseconds(isTaken: Bool, isDelayed: Bool) -> UInt64 {
        Self.notice + (isTaken ? holds : 0) + (isDelayed ? waits : 0)
    }

    /// From the request to its answer.
    var longest: UInt64 { nanoseconds(isTaken: true, isDelayed: true) + Self.rest }
}
