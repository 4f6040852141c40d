import Migration
import Testing

@testable import Sidecar

/// Which changes on record were made. Sets are shares in percent here: enrolled, while migrating.
@Suite struct SwitchHistoryTests {
    private typealias Origin = AuditEntry.Origin

    private static func state(_ epoch: UInt64, _ percent: UInt32) -> SwitchEntry {
        var enrolled = KeySelection.none
        enrolled.setShare(percent * 100)
        return SwitchEntry(epoch: epoch, state: SwitchState(phase: .migrating, enrolled: enrolled, gray: .none))
    }

    private static func entry(
        _ origin: Origin, _ before: SwitchEntry?, _ after: SwitchEntry, undoes: UInt64? = nil,
        of migration: String = "orders"
    ) -> AuditEntry {
        AuditEntry(
            time: "", migration: migration, origin: origin, by: "", reason: "", before: before, after: after,
            undoes: undoes)
    }

    private static func history(_ entries: [AuditEntry], inFile: SwitchEntry) -> SwitchHistory {
        SwitchHistory(entries, of: "orders", inFile: inFile)
    }

    private static let enrol = entry(.command, state(1, 0), state(2, 10))
    private static let rollback = entry(.rollback, state(2, 10), state(3, 0), undoes: 2)
    private static let withdrawal = entry(.withdrawn, state(3, 0), state(2, 10), undoes: 3)

    /// Contract, 2: `rollback` undoes the last forward change. One that is not on record cannot be undone by it, and no
    /// other one is.
    @Test func aLastChangeThatIsNotOnRecordIsTold() {
        let first = Self.entry(.file, nil, Self.state(1, 0))
        #expect(Self.history([first, Self.enrol], inFile: Self.state(2, 10)).gap(before: 2) == nil)
        let gap = Self.history([first, Self.enrol], inFile: Self.state(3, 20)).gap(before: 3)
        #expect(gap?.contains("its newest is epoch 2") == true)
        #expect(Self.history([], inFile: Self.state(3, 20)).gap(before: 3) != nil)
        #expect(Self.history([], inFile: Self.state(1, 0)).gap(before: 1) == nil, "nothing made it")
    }

    // MARK: - What was made

    @Test func whatWasMadeStaysInItsOrder() {
        let made = [Self.entry(.file, nil, Self.state(1, 0)), Self.enrol, Self.rollback]
        let other = Self.entry(.withdrawn, Self.state(3, 0), Self.state(1, 5), undoes: 3, of: "users")
        #expect(Self.history(made + [other], inFile: Self.state(3, 0)).changes == made)
    }

    @Test func aWithdrawnChangeWasNotMade() {
        let made = [Self.enrol, Self.rollback, Self.withdrawal]
        #expect(Self.history(made, inFile: Self.state(2, 10)).changes == [Self.enrol])
        let again = made + [Self.rollback]
        #expect(Self.history(again, inFile: Self.state(3, 0)).changes == [Self.enrol, Self.rollback])
    }

    /// The process ended between the audit file and the switch file.
    @Test func aChangeThatTheSwitchFileNeverHadWasNotMade() {
        let made = [Self.enrol, Self.rollback]
        #expect(Self.history(made, inFile: Self.state(2, 10)).changes == [Self.enrol])
        #expect(Self.history(made, inFile: Self.state(3, 0)).changes == made)
    }

    /// The next change took the same number, and came from what the switch file said.
    @Test func aChangeThatTheNextOneDidNotComeFromWasNotMade() {
        let more = Self.entry(.command, Self.state(2, 10), Self.state(3, 20))
        #expect(Self.history([Self.enrol, Self.rollback, more], inFile: more.after).changes == [Self.enrol, more])
        let other = Self.entry(.file, Self.state(2, 10), Self.state(3, 7))
        #expect(Self.history([Self.enrol, Self.rollback, other], inFile: other.after).changes == [Self.enrol, other])
    }

    /// A hand edit replaced a command's change before that was in force: the file had it all the same.
    @Test func aChangeThatAHandEditReplacedWasMade() {
        let edit = Self.entry(.file, Self.state(1, 0), Self.state(3, 20))
        #expect(Self.history([Self.enrol, edit], inFile: edit.after).changes == [Self.enrol, edit])
    }

    // MARK: - What is to be undone

    private static func undo(_ entries: [AuditEntry], from present: SwitchEntry, after: UInt64 = 0) -> Undo? {
        Undo(history(entries, inFile: present), from: present.state, after: after)
    }

    @Test func theLastForwardChangeIsUndone() {
        let more = Self.entry(.command, Self.state(2, 10), Self.state(3, 20))
        let made = [Self.enrol, more]
        #expect(Self.undo(made, from: more.after)?.epoch == 3)
        #expect(Self.undo(made, from: more.after)?.target == Self.state(0, 10).state)
        #expect(Self.undo(made, from: more.after, after: 3) == nil)
        let back = Self.entry(.rollback, Self.state(3, 20), Self.state(4, 10), undoes: 3)
        #expect(Self.undo(made + [back], from: back.after)?.epoch == 2)
        #expect(Self.undo([Self.enrol, Self.rollback], from: Self.rollback.after) == nil)
    }

    /// Whether it was withdrawn or nobody could say so any more.
    @Test(arguments: [[withdrawal], []])
    func aRollbackThatWasNotMadeUndidNothing(end: [AuditEntry]) {
        let undo = Self.undo([Self.enrol, Self.rollback] + end, from: Self.state(2, 10))
        #expect(undo?.epoch == 2 && undo?.target == Self.state(0, 0).state)
    }

    /// Its number is the next change's too.
    @Test func aWithdrawnChangeIsNotUndone() {
        let failed = Self.entry(.command, Self.state(2, 10), Self.state(3, 20))
        let made = [Self.enrol, failed, Self.entry(.withdrawn, failed.after, Self.state(2, 10), undoes: 3)]
        #expect(Self.undo(made, from: Self.state(2, 10))?.epoch == 2)
        let next = Self.entry(.command, Self.state(2, 10), Self.state(3, 30))
        #expect(Self.undo(made + [next], from: next.after)?.target == Self.state(0, 10).state)
    }

    // MARK: - What else it tells

    @Test(arguments: [true, false])
    func keysThatNeverLeftDidNotLeave(isWithdrawn: Bool) {
        let leaves = Self.entry(.command, Self.state(2, 10), Self.state(3, 5))
        let withdrawn = [Self.entry(.withdrawn, leaves.after, Self.state(2, 10), undoes: 3)]
        #expect(Self.history([Self.enrol, leaves], inFile: leaves.after).hasLeftEnrolled)
        let history = Self.history([Self.enrol, leaves] + (isWithdrawn ? withdrawn : []), inFile: Self.state(2, 10))
        #expect(!history.hasLeftEnrolled)
    }

    /// An enrolment that was withdrawn took no key away.
    @Test func aWithdrawalIsNoLeaving() {
        let failed = Self.entry(.command, Self.state(2, 10), Self.state(3, 20))
        let made = [Self.enrol, failed, Self.entry(.withdrawn, failed.after, Self.state(2, 10), undoes: 3)]
        #expect(!Self.history(made, inFile: Self.state(2, 10)).hasLeftEnrolled)
    }

    @Test func leavingIdleBeginsAnew() {
        let idle = SwitchEntry(epoch: 4, state: SwitchState(phase: .idle, enrolled: .none, gray: .none))
        let made = [
            Self.enrol, Self.entry(.command, Self.state(2, 10), Self.state(3, 0)),
            Self.entry(.command, Self.state(3, 0), idle), Self.entry(.command, idle, Self.state(5, 0)),
        ]
        #expect(Self.history(Array(made.prefix(2)), inFile: Self.state(3, 0)).hasLeftEnrolled)
        #expect(!Self.history(made, inFile: Self.state(5, 0)).hasLeftEnrolled)
    }

    @Test func bothSidesWereWrittenWhereKeysWereEnrolled() {
        let made = Self.history([Self.entry(.file, nil, Self.state(1, 0)), Self.enrol], inFile: Self.state(2, 10))
        #expect(!made.wroteBothSides(upTo: 1) && made.wroteBothSides(upTo: 2))
        let failed = Self.entry(.withdrawn, Self.state(2, 10), Self.state(1, 0), undoes: 2)
        let withdrawn = [Self.entry(.file, nil, Self.state(1, 0)), Self.enrol, failed]
        #expect(!Self.history(withdrawn, inFile: Self.state(1, 0)).wroteBothSides(upTo: 2))
        let unknown = Self.history([], inFile: Self.state(2, 0))
        #expect(!unknown.wroteBothSides(upTo: 1) && unknown.wroteBothSides(upTo: 2), "nobody knows what was before")
    }

    // MARK: - What comes into force by other means

    private static func noted(
        _ inForce: SwitchEntry, after before: SwitchEntry?, last: AuditEntry?
    ) -> AuditEntry? {
        AuditEntry(inForce: inForce, of: "orders", after: before, last: last, time: "")
    }

    @Test func whatIsOnRecordIsNotNotedAgain() {
        #expect(Self.noted(Self.enrol.after, after: nil, last: Self.enrol) == nil)
        #expect(Self.noted(Self.enrol.after, after: Self.state(1, 0), last: Self.enrol) == nil)
        #expect(Self.noted(Self.state(2, 10), after: nil, last: Self.withdrawal) == nil)
    }

    @Test func aHandEditIsNotedWithWhatItCameFrom() {
        let edit = Self.noted(Self.state(5, 50), after: Self.state(2, 10), last: Self.enrol)
        #expect(edit?.origin == .file && edit?.before == Self.state(2, 10) && edit?.after == Self.state(5, 50))
        #expect(Self.noted(Self.state(5, 50), after: nil, last: Self.enrol)?.before == Self.enrol.after)
        #expect(Self.noted(Self.state(5, 50), after: nil, last: nil)?.before == nil)
    }

    /// The process ended between the two files, and the next one finds out.
    @Test func aStartWithdrawsWhatTheSwitchFileDoesNotHave() {
        let noted = Self.noted(Self.state(2, 10), after: nil, last: Self.rollback)
        #expect(noted?.origin == .withdrawn && noted?.undoes == 3 && noted?.epochInForce == 2)
        #expect(noted?.before == Self.rollback.after && noted?.after == Self.state(2, 10))
        let edited = Self.noted(Self.state(3, 7), after: nil, last: Self.rollback)
        #expect(edited?.origin == .file && edited?.before == Self.state(2, 10), "it did not come from that change")
    }
}
