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

    // MARK: - While a change is on its way

    private static func file(_ phases: Phase...) -> SwitchFile {
        var file = SwitchFile(migrationNames: ["orders"], epochsOnRecord: [.none])
        for (index, phase) in phases.enumerated() {
            let decision = file.read(
                .usable([summary(UInt64(index) + 2, phase)]), states: [state(phase)],
                inForce: index == 0 ? [nil] : [summary(2, phases[0])])
            #expect(decision == .swap)
        }
        return file
    }

    /// Contract, 2: one rung at a time, from what is in force: what is on its way is replaced by what is taken next,
    /// and it may land before that.
    @Test(arguments: Phase.allCases) func aFileMovesOneRungFromWhatIsInForceToo(to: Phase) {
        var file = Self.file(.migrating, .mirrored)
        let decision = file.read(
            .usable([Self.summary(4, to)]), states: [Self.state(to)], inForce: [Self.summary(2, .migrating)])
        // Between migrating, in force, and mirrored, on its way: no further than one rung from both.
        if to == .migrating || to == .mirrored {
            #expect(decision == .swap)
        } else if case .refuse(let reason) = decision {
            let words = to == .finished ? "Phase migrating (epoch 2) is in force until epoch 3 is" : "epoch"
            #expect(reason.contains(words))
        } else {
            Issue.record("\(to) is taken")
        }
        // It is judged anew once that has landed.
        guard to == .finished else { return }
        let later = file.read(
            .usable([Self.summary(4, to)]), states: [Self.state(to)], inForce: [Self.summary(3, .mirrored)])
        #expect(later == .swap)
    }

    /// What is on its way and replaced already may have been held by then, and lands.
    @Test func aFileMovesOneRungFromWhateverMayLand() {
        var file = Self.file(.migrating, .idle, .migrating)
        let decision = file.read(
            .usable([Self.summary(5, .mirrored)]), states: [Self.state(.mirrored)],
            inForce: [Self.summary(2, .migrating)])
        guard case .refuse(let reason) = decision else {
            Issue.record("idle may land, and mirrored after it")
            return
        }
        #expect(reason.contains("epoch 3"))
    }

    /// The opening after a crash is in force until the file's state lands.
    @Test func aFileMovesOneRungFromTheOpening() {
        var file = Self.file(.migrating)
        file.begins(with: [SwitchEntry(epoch: 1, state: Self.state(.idle))])
        let mirrored = SwitchFile.Reading.usable([Self.summary(3, .mirrored)])
        for inForce in [nil, Self.summary(1)] {
            guard case .refuse = file.read(mirrored, states: [Self.state(.mirrored)], inForce: [inForce]) else {
                Issue.record("idle to mirrored")
                return
            }
        }
        #expect(
            file.read(mirrored, states: [Self.state(.mirrored)], inForce: [Self.summary(2, .migrating)]) == .swap)
    }

    /// Another migration's change is no reason to look at one that stays.
    @Test func whatIsOnItsWayStaysWhileAnotherMigrationChanges() {
        let states = [Self.state(.mirrored), Self.state(.idle)]
        var file = Self.known([Self.summary(2, .mirrored), Self.summary(1)])
        file.begins(with: [SwitchEntry(epoch: 1, state: Self.state(.idle)), nil])
        let found = [Self.summary(2, .mirrored), Self.summary(2)]
        #expect(file.read(.usable(found), states: states, inForce: [Self.summary(1), Self.summary(1)]) == .swap)
    }

    /// Contract, 2: errors say what is.
    @Test func aLowerEpochIsHeldAgainstWhatWasTaken() {
        var file = Self.file(.idle, .migrating)
        let decision = file.read(
            .usable([Self.summary(2)]), states: [Self.state(.idle)], inForce: [Self.summary(2)])
        #expect(
            decision
                == .refuse(
                    "migration orders: epoch 2 is lower than 3, which was taken from the file and comes into force "
                        + "(switchover rollback takes it back); write 4"))
        let later = file.read(
            .usable([Self.summary(2)]), states: [Self.state(.idle)], inForce: [Self.summary(3, .migrating)])
        #expect(later == .refuse("migration orders: epoch 2 is lower than 3, which is in force; write 4"))
    }

    // MARK: - At a start

    /// Contract, 2: every change has a number one higher than the last. The lock file knows the fingerprint.
    @Test func noOtherSwitchesAreTakenUnderAnEpochThatWasInForce() {
        let onRecord = EpochOnRecord(epoch: 3, source: "s.lock", fingerprint: 1)
        var file = SwitchFile(migrationNames: ["orders"], epochsOnRecord: [onRecord])
        let reason =
            "migration orders: the switches or their files of keys are not those of epoch 3 that were in force by "
            + "s.lock. Put the last ones back; or write epoch 4 if these are meant"
        #expect(file.read(.usable([Self.summary(3, fingerprint: 2)])) == .notReady(reason))
        #expect(file.read(.usable([Self.summary(3, fingerprint: 1)])) == .swap)
        var other = SwitchFile(migrationNames: ["orders"], epochsOnRecord: [onRecord])
        #expect(other.read(.usable([Self.summary(4, fingerprint: 2)])) == .swap)
    }

    /// The same text may mean other keys, where the configuration declares them to be of another type now; not where a
    /// file of keys has what they are.
    @Test func aTextThatIsTheSameIsTaken() {
        let lists = { (allow: [KeySelection.Key], file: String?) in
            var set = KeySelection()
            (set.allow, set.allowFile) = (allow, file)
            return SwitchState(phase: .migrating, enrolled: set, gray: .none)
        }
        for (text, isTaken) in [(lists([["406"]], nil), true), (lists([], "keys"), false)] {
            let onRecord = EpochOnRecord(epoch: 3, source: "s.lock", fingerprint: 1, state: text)
            var file = SwitchFile(migrationNames: ["orders"], epochsOnRecord: [onRecord])
            let decision = file.read(.usable([Self.summary(3, .migrating, fingerprint: 2)]), states: [text])
            #expect((decision == .swap) == isTaken)
        }
    }
}
