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

    private static func gray(_ epoch: UInt64, _ gray: KeySelection) -> SwitchEntry {
        SwitchEntry(epoch: epoch, state: SwitchState(phase: .migrating, enrolled: .all, gray: gray))
    }

    private static func file(_ name: String) -> KeySelection {
        var set = KeySelection.none
        set.allowFile = name
        return set
    }

    /// Contract, 2: `rollback` undoes the last forward change, and nothing goes forward by it.
    @Test func noRollbackGoesForward() {
        let all = Self.entry(.command, Self.gray(1, .none), Self.gray(2, .all))
        let back = Self.entry(.command, Self.gray(2, .all), Self.gray(3, Self.file("pilot")))
        #expect(Self.undo([all, back], from: back.after) == nil, "to the file's keys was the way back")
        let pilot = Self.entry(.command, Self.gray(1, .none), Self.gray(2, Self.file("pilot")))
        let more = Self.entry(.command, Self.gray(2, Self.file("pilot")), Self.gray(3, .all))
        #expect(Self.undo([pilot, more], from: more.after)?.target == pilot.after.state)
        let none = Self.entry(.command, Self.gray(3, .all), Self.gray(4, .none))
        #expect(Self.undo([pilot, more, none], from: none.after) == nil)
        let other = Self.entry(.command, Self.gray(2, Self.file("pilot")), Self.gray(3, Self.file("many")))
        #expect(Self.undo([pilot, other], from: other.after)?.target == pilot.after.state, "keys decide")
    }

    /// One set grew by a change of the file while the other shrank.
    @Test func aRollbackOfAMixedChangeTakesBackWhatWentForwardAlone() {
        var (less, more) = (Self.state(1, 50), Self.state(2, 20))
        less.state.gray = .none
        more.state.gray.add([["7"]])
        let mixed = Self.entry(.file, less, more)
        let target = Self.undo([mixed], from: more)?.target
        #expect(target == SwitchState(phase: .migrating, enrolled: more.state.enrolled, gray: .none))
    }

    // MARK: - What else it tells

    private static let first = entry(.file, nil, state(1, 0))

    private static func left(_ entries: [AuditEntry], inFile: SwitchEntry) -> LeftEnrolled {
        history(entries, inFile: inFile).leftEnrolled(before: inFile.epoch)
    }

    @Test(arguments: [true, false])
    func keysThatNeverLeftDidNotLeave(isWithdrawn: Bool) {
        let leaves = Self.entry(.command, Self.state(2, 10), Self.state(3, 5))
        let withdrawn = [Self.entry(.withdrawn, leaves.after, Self.state(2, 10), undoes: 3)]
        let made = [Self.first, Self.enrol, leaves]
        #expect(Self.left(made, inFile: leaves.after) == .yes)
        #expect(Self.left(made + (isWithdrawn ? withdrawn : []), inFile: Self.state(2, 10)) == .no)
    }

    /// An enrolment that was withdrawn took no key away.
    @Test func aWithdrawalIsNoLeaving() {
        let failed = Self.entry(.command, Self.state(2, 10), Self.state(3, 20))
        let withdrawal = Self.entry(.withdrawn, failed.after, Self.state(2, 10), undoes: 3)
        #expect(Self.left([Self.first, Self.enrol, failed, withdrawal], inFile: Self.state(2, 10)) == .no)
    }

    private static let idle = SwitchEntry(
        epoch: 4, state: SwitchState(phase: .idle, enrolled: .none, gray: .none))
    private static let toIdle = [
        first, enrol, entry(.command, state(2, 10), state(3, 0)), entry(.command, state(3, 0), idle),
    ]

    /// A command asks whether new is empty there, a change of the file by hand asks nothing.
    @Test func leavingIdleByACommandBeginsAnew() {
        #expect(Self.left(Array(Self.toIdle.prefix(3)), inFile: Self.state(3, 0)) == .yes)
        let command = Self.entry(.command, Self.idle, Self.state(5, 0))
        #expect(Self.left(Self.toIdle + [command], inFile: command.after) == .no)
        let edit = Self.entry(.file, Self.idle, Self.state(5, 0))
        #expect(Self.left(Self.toIdle + [edit], inFile: edit.after) == .yes)
    }

    /// At `mirrored` and later every key is written on both sides or on new alone, whatever the sets say.
    @Test(arguments: [Phase.mirrored, .finished, .retired])
    func keysLeaveFromThePhasesOfAllKeysToo(phase: Phase) {
        let beyond = SwitchEntry(epoch: 2, state: SwitchState(phase: phase, enrolled: .none, gray: .none))
        let forward = Self.entry(.command, Self.state(1, 0), beyond)
        let back = Self.entry(.command, beyond, Self.state(3, 50))
        let all = Self.entry(.command, beyond, Self.state(3, 100))
        #expect(Self.left([Self.first, forward, back], inFile: back.after) == .yes)
        #expect(Self.left([Self.first, forward, all], inFile: all.after) == .no)
        let idle = Self.entry(.file, beyond, SwitchEntry(epoch: 3, state: Self.idle.state))
        #expect(Self.left([Self.first, forward, idle], inFile: idle.after) == .yes)
    }

    /// The names of the files are the same before and after: what the lists said is noted when it comes into force.
    @Test func keysLeaveByTheirListFile() throws {
        var enrolled = KeySelection.none
        enrolled.allowFile = "keys.txt"
        let state = SwitchState(phase: .migrating, enrolled: enrolled, gray: .none)
        let (one, two) = (SwitchEntry(epoch: 1, state: state), SwitchEntry(epoch: 2, state: state))
        var edit = Self.entry(.file, one, two)
        #expect(edit.isByFileOfKeys && !Self.enrol.isByFileOfKeys)
        let first = Self.entry(.file, nil, one)
        #expect(Self.left([first, edit], inFile: two) == .no)
        edit.mayHaveLeft = true
        let read = try #require(AuditEntry(line: Array(edit.line.utf8)))
        #expect(read == edit && Self.left([first, read], inFile: two) == .yes)
    }

    /// What is not on record is not known, and never ticked.
    @Test func withoutARecordNobodyKnowsWhetherKeysHaveLeft() {
        func isUnknown(_ entries: [AuditEntry], inFile: SwitchEntry, words: String) -> Bool {
            guard case .unknown(let reason) = Self.left(entries, inFile: inFile) else { return false }
            return reason.contains(words)
        }
        #expect(isUnknown([], inFile: Self.state(3, 10), words: "is empty"))
        #expect(Self.left([], inFile: Self.state(1, 10)) == .no, "there was nothing before")
        #expect(isUnknown([Self.first, Self.enrol], inFile: Self.state(3, 20), words: "ends at epoch 2"))
        var late = Self.entry(.file, nil, Self.state(2, 10))
        #expect(Self.left([late], inFile: Self.state(2, 10)) == .no, "nobody ran before")
        late.mayHaveLeft = true
        #expect(isUnknown([late], inFile: Self.state(2, 10), words: "begins at epoch 2"))
        let last = Self.entry(.command, Self.state(4, 20), Self.state(5, 30))
        #expect(isUnknown([Self.first, Self.enrol, last], inFile: last.after, words: "after epoch 2"))
        let anew = Self.entry(.command, Self.idle, Self.state(5, 0))
        #expect(Self.left([anew], inFile: anew.after) == .no, "new was empty then")
    }

    @Test func aMigrationMayHaveBegunWithTheProcess() {
        #expect(Self.history([Self.first, Self.enrol], inFile: Self.enrol.after).hasNothingBefore)
        var late = Self.first
        late.mayHaveLeft = true
        #expect(!Self.history([late, Self.enrol], inFile: Self.enrol.after).hasNothingBefore)
        #expect(!Self.history([Self.enrol], inFile: Self.enrol.after).hasNothingBefore)
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
