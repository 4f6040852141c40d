import Migration
import SwitchoverProtocol
import Testing

@testable import Sidecar

/// What `init-switches` writes: what is in force or was last, and idle only where no switches ever were.
@Suite struct InitialSwitchesTests {
    static let idle = SwitchEntry(epoch: 1, state: SwitchState(phase: .idle, enrolled: .none, gray: .none))

    static func choice(_ inForce: SwitchEntry?, _ record: AuditFile.Newest) throws -> InitialSwitches.Choice {
        try InitialSwitches.choice("orders", inForce: inForce, record, "s.audit.jsonl")
    }

    @Test func aMigrationWithoutAPastIsIdle() throws {
        let choice = try Self.choice(nil, AuditFile.Newest())
        #expect(choice.entry == Self.idle && choice.source == .nobody)
    }

    /// Whoever made the last change: a sidecar's command, a rollback or the file itself.
    @Test(arguments: [AuditEntry.Origin.command, .rollback, .file, .withdrawn])
    func withoutASidecarTheAuditFileSays(origin: AuditEntry.Origin) throws {
        let entry = AuditFileTests.entry("orders", epoch: 7, origin: origin, keys: 3)
        let choice = try Self.choice(nil, AuditFile.Newest(entry: entry))
        #expect(choice.entry == entry.after && choice.source == .audit)
    }

    @Test func aRunningSidecarSaysWhatIsInForce() throws {
        let inForce = SwitchEntry(epoch: 5, state: SwitchState(phase: .mirrored, enrolled: .all, gray: .all))
        #expect(try Self.choice(inForce, AuditFile.Newest()).entry == inForce)
        let older = AuditFile.Newest(entry: AuditFileTests.entry("orders", epoch: 3))
        #expect(try Self.choice(inForce, older) == .init(migration: "orders", entry: inForce, source: .sidecar))
    }

    /// The change was in the switch file; the sidecar would take an older epoch for a step back.
    @Test func aChangeThatIsUnderWayStays() throws {
        let inForce = SwitchEntry(epoch: 5, state: SwitchState(phase: .migrating, enrolled: .none, gray: .none))
        let next = AuditFileTests.entry("orders", epoch: 6)
        #expect(try Self.choice(inForce, AuditFile.Newest(entry: next)).entry == next.after)
    }

    /// Any of the lines may say that keys were enrolled since.
    @Test func unreadableLinesAreNoGroundForIdle() throws {
        let inForce = SwitchEntry(epoch: 5, state: SwitchState(phase: .migrating, enrolled: .all, gray: .none))
        let damaged = AuditFile.Newest(entry: AuditFileTests.entry("orders", epoch: 3), unreadable: 1)
        #expect(try Self.choice(inForce, damaged).entry == inForce)
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
        let switches = try InitialSwitches(path: path, migrations: ["orders", "users"], running: [status])
        let document = try SwitchDocument(Array(switches.text.utf8), file: path)
        #expect(document.entry(of: "orders") == entry && document.entry(of: "users") == Self.idle)
        #expect(
            switches.sentences == [
                "orders at phase migrating, epoch 9, as the running sidecar has it", "users at phase idle, epoch 1",
            ])
    }
}
