import Migration
import Testing

@testable import Sidecar

/// The whole table: what each reading means while no switches are known, and while some are.
@Suite struct SwitchFileTests {
    static func summary(_ epoch: UInt64, _ phase: Phase = .idle, fingerprint: UInt64 = 0) -> SwitchSummary {
        SwitchSummary(epoch: epoch, phase: phase, enrolled: "all", gray: "none", fingerprint: fingerprint)
    }

    static func known(_ summaries: [SwitchSummary?], onRecord: [EpochOnRecord] = [.none, .none]) -> SwitchFile {
        var file = SwitchFile(migrationNames: ["orders", "users"], epochsOnRecord: onRecord)
        #expect(file.read(.usable(summaries)) == .swap)
        return file
    }

    @Test func nothingButAUsableFileMakesSwitchesKnown() {
        var file = SwitchFile(migrationNames: ["orders", "users"], epochsOnRecord: [.none, .none])
        let advice =
            "there is no switch file; create it, or write back what was in force last, with: switchover init-switches"
        #expect(file.read(.missing) == .notReady(advice))
        #expect(file.read(.broken("a reason")) == .notReady("a reason"))
        #expect(file.read(.usable([Self.summary(3), nil])) == .swap)
    }

    @Test func onceKnownAFileThatVanishesOrBreaksChangesNothing() {
        var file = Self.known([Self.summary(3), Self.summary(1)])
        #expect(
            file.read(.missing)
                == .refuse(
                    "the switch file is gone; write it back as it is in force with: switchover init-switches"))
        #expect(file.read(.broken("a reason")) == .refuse("a reason"))
        #expect(file.read(.usable([Self.summary(3), Self.summary(1)])) == .keep)
    }

    @Test func higherEpochsAreTakenInOneMigrationOrInBoth() {
        var file = Self.known([Self.summary(3), Self.summary(1)])
        #expect(file.read(.usable([Self.summary(4, .migrating, fingerprint: 1), Self.summary(1)])) == .swap)
        #expect(file.read(.usable([Self.summary(9, fingerprint: 2), Self.summary(2)])) == .swap)
    }

    @Test func aLowerEpochIsRefusedAndWithItTheWholeFile() {
        var file = Self.known([Self.summary(3), Self.summary(1)])
        let reason = "migration orders: epoch 2 is lower than 3, which is in force; write 4"
        #expect(file.read(.usable([Self.summary(2), Self.summary(5)])) == .refuse(reason))
        #expect(file.read(.usable([Self.summary(3), Self.summary(1)])) == .keep)
    }

    @Test func switchesDoNotChangeUnderTheirEpoch() {
        var file = Self.known([Self.summary(3), Self.summary(1)])
        let reason = "migration users: its switches changed, but not its epoch 1; write 2"
        #expect(file.read(.usable([Self.summary(3), Self.summary(1, fingerprint: 7)])) == .refuse(reason))
    }

    @Test func aMigrationMayComeButNotGo() {
        var file = Self.known([Self.summary(3), nil])
        #expect(file.read(.usable([Self.summary(3), Self.summary(1)])) == .swap)
        let reason = "migration orders is missing, its epoch was 3; write it again"
        #expect(file.read(.usable([nil, Self.summary(1)])) == .refuse(reason))
    }

    @Test func atStartNoEpochIsLowerThanWhatWasInForce() {
        let three = EpochOnRecord(epoch: 3, source: "the audit file")
        var file = SwitchFile(migrationNames: ["orders", "users"], epochsOnRecord: [three, .none])
        let reason =
            "migration orders: epoch 2 is lower than 3, which was in force by the audit file. Put the last switch file "
            + "back; or remove this one and write what was in force, with: switchover init-switches; or write epoch 4 "
            + "if these switches are meant"
        #expect(file.read(.usable([Self.summary(2), Self.summary(1)])) == .notReady(reason))
        #expect(file.read(.usable([Self.summary(3), Self.summary(1)])) == .swap)
        // Also where the file names the migration later.
        var other = Self.known([nil, Self.summary(1)], onRecord: [three, .none])
        #expect(other.read(.usable([Self.summary(2), Self.summary(1)])) == .refuse(reason))
        #expect(other.read(.usable([Self.summary(4), Self.summary(1)])) == .swap)
    }

    // MARK: - Jumps

    static func state(_ phase: Phase) -> SwitchState { SwitchState(phase: phase, enrolled: .all, gray: .none) }

    /// By file as by command, one rung at a time, and no way back from `retired` (contract, section 2).
    @Test(arguments: Phase.allCases, Phase.allCases)
    func aFileMovesOneRungAtATime(from: Phase, to: Phase) {
        var file = SwitchFile(migrationNames: ["orders"], epochsOnRecord: [.none])
        #expect(file.read(.usable([Self.summary(3, from)]), states: [Self.state(from)]) == .swap)
        let decision = file.read(.usable([Self.summary(4, to)]), states: [Self.state(to)])
        let distance = abs(Int(to.rawValue) - Int(from.rawValue))
        if distance == 0 || distance == 1 && from != .retired {
            #expect(decision == .swap)
            return
        }
        guard case .refuse(let reason) = decision else {
            Issue.record("\(from) to \(to) is taken")
            return
        }
        #expect(reason.contains("orders") && reason.contains("epoch 3"))
        #expect(file.read(.usable([Self.summary(3, from)]), states: [Self.state(from)]) == .keep)
    }

    /// Contract, 2: a file goes one rung of the phase at a time; its sets say for themselves which keys go where.
    @Test(arguments: [Phase.migrating, .idle]) func theSetsOfAFileMayTakeKeysOverAStage(phase: Phase) {
        let old = SwitchState(phase: phase, enrolled: .none, gray: .none)
        let dualNew = SwitchState(phase: .migrating, enrolled: .all, gray: .all)
        #expect(SwitchFile.jump(from: dualNew, to: old) == nil && SwitchFile.jump(from: old, to: dualNew) == nil)
        let finished = SwitchState(phase: .finished, enrolled: .all, gray: .all)
        #expect(SwitchFile.jump(from: dualNew, to: finished) != nil)
    }
}
