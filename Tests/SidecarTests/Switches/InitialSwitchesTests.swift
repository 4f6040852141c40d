import Migration
import SwitchoverProtocol
import Testing

@testable import Sidecar

/// What `init-switches` writes: what is in force or was last, and idle only where no switches ever were.
@Suite struct InitialSwitchesTests {
    static let idle = SwitchEntry(epoch: 1, state: SwitchState(phase: .idle, enrolled: .none, gray: .none))

    static func choice(
        _ running: SwitchEntry?, _ record: AuditFile.Newest, isNotMade: Bool = false
    ) throws -> InitialSwitches.Choice {
        try InitialSwitches.choice("orders", running: running, record, "s.audit.jsonl", isNotMade: isNotMade)
    }

    @Test func aMigrationWithoutAPastIsIdle() throws {
        let choice = try Self.choice(nil, AuditFile.Newest())
        #expect(choice.entry == Self.idle && choice.source == .nobody)
    }

    /// Whoever made the last change: a sidecar's command, a rollback or the file itself. A command's may not have been
    /// made.
    @Test(arguments: [AuditEntry.Origin.command, .rollback, .file, .withdrawn])
    func withoutASidecarTheAuditFileSays(origin: AuditEntry.Origin) throws {
        let entry = AuditFileTests.entry("orders", epoch: 7, origin: origin, keys: 3)
        let choice = try Self.choice(nil, AuditFile.Newest(entry: entry))
        let isDoubtful = origin == .command || origin == .rollback
        #expect(choice.entry == entry.after && choice.source == .audit(before: isDoubtful ? entry.before : nil))
    }

    @Test(arguments: [AuditEntry.Origin.command, .rollback])
    func aPersonMaySayThatACommandsChangeWasNotMade(origin: AuditEntry.Origin) throws {
        let entry = AuditFileTests.entry("orders", epoch: 7, origin: origin)
        let choice = try Self.choice(nil, AuditFile.Newest(entry: entry), isNotMade: true)
        #expect(choice.entry == entry.before && choice.source == .person)
        let running = try Self.choice(entry.after, AuditFile.Newest(entry: entry), isNotMade: true)
        #expect(running.entry == entry.after && running.source == .sidecar, "the sidecar knows better")
    }

    @Test(arguments: [AuditEntry.Origin.file, .withdrawn, nil])
    func whatSurelyWasInForceIsNotTakenBack(origin: AuditEntry.Origin?) {
        let entry = origin.map { AuditFileTests.entry("orders", epoch: 7, origin: $0) }
        #expect(throws: InitialSwitches.Refusal.self) {
            try Self.choice(nil, AuditFile.Newest(entry: entry), isNotMade: true)
        }
    }

    /// The lock file says what was in force: a newest change that it has was made, and one that the audit file lacks
    /// is no ground for an older one, or for idle.
    @Test func whatWasInForceIsNotForgotten() throws {
        let entry = AuditFileTests.entry("orders", epoch: 7)
        func choice(_ record: AuditFile.Newest, _ epoch: UInt64) throws -> InitialSwitches.Choice {
            try InitialSwitches.choice(
                "orders", running: nil, record, "s.audit.jsonl", SwitchesBeforeTests.left(epoch), isNotMade: false)
        }
        #expect(try choice(AuditFile.Newest(entry: entry), 7).source == .audit(before: nil))
        #expect(try choice(AuditFile.Newest(entry: entry), 6).source == .audit(before: entry.before))
        for record in [AuditFile.Newest(entry: entry), AuditFile.Newest()] {
            let refusal = #expect(throws: InitialSwitches.Refusal.self) { try choice(record, 8) }
            #expect(refusal?.description.contains("epoch 8") == true)
        }
    }

    /// Also where the record has something newer: the sidecar knows what was in the file, and the record does not know
    /// what was made.
    @Test(arguments: [3, 5, 6, 9] as [UInt64])
    func aRunningSidecarSaysWhatWasInTheFile(onRecord: UInt64) throws {
        let running = SwitchEntry(epoch: 5, state: SwitchState(phase: .mirrored, enrolled: .all, gray: .all))
        let record = AuditFile.Newest(entry: AuditFileTests.entry("orders", epoch: onRecord))
        for record in [record, AuditFile.Newest()] {
            #expect(try Self.choice(running, record) == .init(migration: "orders", entry: running, source: .sidecar))
        }
    }

    /// The change was in the switch file; the sidecar would take an older epoch for a step back.
    @Test func aChangeThatIsUnderWayStays() throws {
        let folder = try TemporaryFolder()
        let next = AuditFileTests.entry("orders", epoch: 6).after
        var status = Switchover_V1_MigrationStatus()
        status.migration = "orders"
        status.inForce = Switchover_V1_Switches(SwitchEntry(epoch: 5, state: next.state))
        status.lastInFile = Switchover_V1_Switches(next)
        let switches = try InitialSwitches(
            path: folder.path("s.json"), migrations: ["orders"], running: [status], notMade: [])
        #expect(switches.choices == [.init(migration: "orders", entry: next, source: .sidecar)])
        #expect(switches.doubts.isEmpty)
    }

    @Test func withoutASidecarTheChoiceIsSaid() throws {
        let folder = try TemporaryFolder()
        let (path, audit) = (folder.path("s.json"), AuditFile(switchFile: folder.path("s.json")))
        try audit.append(AuditFileTests.entry("orders", epoch: 7))
        try audit.append(AuditFileTests.entry("users", epoch: 4, origin: .file))
        func switches(_ notMade: [String] = []) throws -> InitialSwitches {
            try InitialSwitches(path: path, migrations: ["orders", "users"], running: [], notMade: notMade)
        }
        let doubts = try switches().doubts
        #expect(doubts.count == 1 && doubts[0].contains("epoch 6") && doubts[0].contains("--not-made orders"))
        let chosen = try switches(["orders"])
        #expect(chosen.choices.map(\.entry.epoch) == [6, 4] && chosen.doubts.isEmpty)
        #expect(throws: InitialSwitches.Refusal.self) { try switches(["stock"]) }
    }

    /// Any of the lines may say that keys were enrolled since.
    @Test func unreadableLinesAreNoGroundForIdle() throws {
        let running = SwitchEntry(epoch: 5, state: SwitchState(phase: .migrating, enrolled: .all, gray: .none))
        let damaged = AuditFile.Newest(entry: AuditFileTests.entry("orders", epoch: 3), unreadable: 1)
        #expect(try Self.choice(running, damaged).entry == running)
        for record in [damaged, AuditFile.Newest(unreadable: 2)] {
            let refusal = #expect(throws: InitialSwitches.Refusal.self) { try Self.choice(nil, record) }
            #expect(refusal?.description.contains("s.audit.jsonl") == true)
        }
    }

    /// Key lists and percentages come back as they were.
    @Test func setsGoThereAndBackThroughTheControlSocket() throws {
        var enrolled = KeySelection.none
        enrolled.add([["406"], ["north", "7"]])
        enrolled.setShare(1_250)
        enrolled.allowFile = "keys.txt"
        var gray = KeySelection.none
        gray.deny = [["8"]]
        gray.denyFile = "no.txt"
        let entry = SwitchEntry(epoch: 9, state: SwitchState(phase: .migrating, enrolled: enrolled, gray: gray))
        #expect(SwitchEntry(Switchover_V1_Switches(entry)) == entry)
        #expect(SwitchEntry(Switchover_V1_Switches()) == nil)
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        var status = Switchover_V1_MigrationStatus()
        status.migration = "orders"
        status.inForce = Switchover_V1_Switches(entry)
        let switches = try InitialSwitches(path: path, migrations: ["orders", "users"], running: [status], notMade: [])
        let document = try SwitchDocument(Array(switches.text.utf8), file: path)
        #expect(document.entry(of: "orders") == entry && document.entry(of: "users") == Self.idle)
        #expect(
            switches.sentences == [
                "orders at phase migrating, epoch 9, as the running sidecar has it", "users at phase idle, epoch 1",
            ])
    }
}
