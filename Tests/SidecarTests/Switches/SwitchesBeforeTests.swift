import Migration
import Testing

@testable import Sidecar

/// Contract, section 2: a start is followed by a quiet period, and no epoch is lower than one that was in force.
@Suite struct SwitchesBeforeTests {
    static func left(_ epoch: UInt64, fingerprint: UInt64 = 1, isUnsettled: Bool = true) -> LeftSwitches {
        var note = OwnerNote()
        note.inForce["orders"] = .init(epoch: epoch, fingerprint: fingerprint)
        return LeftSwitches([("s.lock", note)], "orders", isUnsettled: isUnsettled)
    }

    static func audit(_ epoch: UInt64, _ origin: AuditEntry.Origin = .command) -> AuditFile.Newest {
        AuditFile.Newest(entry: AuditFileTests.entry("orders", epoch: epoch, origin: origin))
    }

    @Test func theHighestEpochThatWasInForceCounts() {
        let audit = EpochOnRecord(epoch: 3, source: "the audit file")
        let lock = EpochOnRecord(epoch: 4, source: "s.lock", fingerprint: 1)
        var both = lock
        both.state = Self.audit(4).entry?.after.state
        #expect(SwitchesBefore().epoch == .none)
        #expect(SwitchesBefore(audit: Self.audit(4)).epoch == audit, "the command's change may not have been made")
        #expect(SwitchesBefore(audit: Self.audit(4), left: Self.left(4)).epoch == both, "it was")
        #expect(SwitchesBefore(audit: Self.audit(4), left: Self.left(2)).epoch == audit)
        #expect(SwitchesBefore(left: Self.left(4)).epoch == lock, "an audit file that is lost hides nothing")
    }

    @Test func theLockFileWithTheHighestEpochCounts() {
        let notes = ["a", "b", "c"].map { place in
            var note = OwnerNote()
            if place != "c" { note.inForce["orders"] = .init(epoch: place == "a" ? 7 : 3, fingerprint: 0) }
            return (place, note)
        }
        let left = LeftSwitches(notes, "orders", isUnsettled: false)
        #expect(left.inForce?.epoch == 7 && left.source == "a")
        #expect(LeftSwitches(notes, "users", isUnsettled: true).inForce == nil)
    }

    /// Whatever brought the change: a command, which is on record before it is in force, or the file, which is not.
    @Test func aChangeThatWasPendingBeginsWithWhatWasInForce() {
        let command = Self.audit(5)
        let next = SwitchFileTests.summary(5, .migrating, fingerprint: 2)
        #expect(
            SwitchesBefore(audit: command, left: Self.left(4)).opening(to: next, isBeyondOld: true)
                == .withOneOf([command.entry?.before].compactMap(\.self)))
        #expect(
            SwitchesBefore(audit: Self.audit(4), left: Self.left(4)).opening(to: next, isBeyondOld: true)
                == .withOneOf([Self.audit(4).entry?.after].compactMap(\.self)))
    }

    /// Several changes since, a record that is lost or damaged: nobody can say what was in force.
    @Test(arguments: [
        audit(7), AuditFile.Newest(), AuditFile.Newest(entry: audit(5).entry, unreadable: 1),
    ])
    func whatIsNotOnRecordIsNotGuessed(audit: AuditFile.Newest) {
        let next = SwitchFileTests.summary(7, .migrating, fingerprint: 2)
        #expect(SwitchesBefore(audit: audit, left: Self.left(4)).opening(to: next, isBeyondOld: true) == .withOneOf([]))
    }

    @Test func withoutADifferenceOrALateWriteTheFileCounts() {
        let next = SwitchFileTests.summary(5, .migrating, fingerprint: 2)
        let settled = SwitchesBefore(audit: Self.audit(5), left: Self.left(4, isUnsettled: false))
        #expect(settled.opening(to: next, isBeyondOld: true) == .asTheFileSays)
        let same = SwitchesBefore(audit: Self.audit(5), left: Self.left(4, fingerprint: 2))
        #expect(same.opening(to: next, isBeyondOld: true) == .asTheFileSays, "a rollback of what was pending")
    }

    /// No lock file, or one that says nothing of the migration: nothing is decided by what may be new, unless all keys
    /// are at `old`, or nothing may arrive late.
    @Test(arguments: [audit(5), AuditFile.Newest()])
    func whereNobodyHasWrittenWhatWasInForceNothingIsOpenedWith(audit: AuditFile.Newest) {
        let next = SwitchFileTests.summary(5, .migrating, fingerprint: 2)
        let unsettled = SwitchesBefore(audit: audit, left: LeftSwitches([], "orders", isUnsettled: true))
        #expect(unsettled.opening(to: next, isBeyondOld: true) == .withOneOf([]))
        #expect(unsettled.opening(to: next, isBeyondOld: false) == .asTheFileSays)
        let first = SwitchesBefore(audit: audit, left: LeftSwitches([], "orders", isUnsettled: false))
        #expect(first.opening(to: next, isBeyondOld: true) == .asTheFileSays)
    }
}
