import Migration
import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Sidecar

@Suite struct PlannedChangeTests {
    private static let enrolled = #""enrolled":{"allow":["406"]},"gray":"none""#
    private static let nobody = #""enrolled":"none","gray":"none""#

    private static func file(_ epoch: UInt64, _ sets: String, _ phase: String = "migrating") -> [UInt8] {
        Array(#"{"version":1,"migrations":{"orders":{"epoch":\#(epoch),"phase":"\#(phase)",\#(sets)}}}"#.utf8)
    }

    private static func entry(_ bytes: [UInt8]) throws -> SwitchEntry {
        try #require(try SwitchDocument(bytes, file: "s.json").entry(of: "orders"))
    }

    private static func command(_ before: SwitchEntry, _ after: SwitchEntry) -> AuditEntry {
        AuditEntry(
            time: "", migration: "orders", origin: .command, by: "", reason: "", before: before, after: after)
    }

    private func plan(
        _ bytes: [UInt8], inForce: SwitchEntry, _ standing: PlannedChange.FileStanding, _ audit: [AuditEntry] = [],
        _ change: Switchover_V1_ChangeSwitchesRequest.OneOf_Change = .rollback(.init())
    ) throws -> PlannedChange {
        let request = Switchover_V1_ChangeSwitchesRequest.with {
            $0.migration = "orders"
            $0.change = change
        }
        return try PlannedChange(
            request, migrations: [SwitchedMigration(name: "orders", keyForm: nil)], path: "s.json", bytes: bytes,
            audit: audit, present: (inForce, isInFile: { $0 == inForce ? .inForce : standing }))
    }

    /// Contract, 2: `rollback` undoes the last forward change. One that is on its way has moved nothing, and taking it
    /// back moves nothing.
    @Test(arguments: [true, false]) func aPendingStepIsTakenBack(isOnRecord: Bool) throws {
        let pending = Self.file(3, Self.enrolled)
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let audit = isOnRecord ? [Self.command(inForce, try Self.entry(pending))] : []
        let plan = try plan(pending, inForce: inForce, .pending, audit)
        #expect(plan.before == inForce && plan.after == SwitchEntry(epoch: 4, state: inForce.state))
        #expect(plan.undoes == 3 && !plan.changesNothing)
        let delta = try plan.delta()
        #expect(delta.movesNothing)
    }

    /// Neither is it remembered as having left `enrolled`.
    @Test func whatNeverWasInForceHasNotLeft() throws {
        let pending = try Self.entry(Self.file(3, Self.enrolled))
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let idle = SwitchEntry(
            epoch: 1, state: SwitchState(phase: .idle, enrolled: KeySelection(), gray: KeySelection()))
        let audit = [Self.command(idle, inForce), Self.command(inForce, pending)]
        let plan = try plan(Self.file(3, Self.enrolled), inForce: inForce, .pending, audit)
        let made = AuditEntry(
            time: "", migration: "orders", origin: .rollback, by: "", reason: "", before: plan.before,
            after: plan.after, undoes: plan.undoes)
        let history = SwitchHistory(audit + [made], of: "orders", inFile: plan.after)
        #expect(history.leftEnrolled(before: 0) != .yes)
    }

    /// What was refused is written over, and the last forward change that came into force is undone.
    @Test func aRefusedFileIsWrittenOver() throws {
        let refused = Self.file(7, Self.nobody, "finished")
        let first = try Self.entry(Self.file(2, Self.nobody))
        let inForce = try Self.entry(Self.file(3, Self.enrolled))
        let undoing = try plan(refused, inForce: inForce, .refused, [Self.command(first, inForce)])
        #expect(undoing.before == inForce && undoing.after == SwitchEntry(epoch: 8, state: first.state))
        #expect(undoing.undoes == 3)
        let unknown = try plan(refused, inForce: inForce, .refused)
        #expect(unknown.after == SwitchEntry(epoch: 8, state: inForce.state), "nobody can say what to undo")
    }

    /// Other changes are planned from the file, and judged from what is in force.
    @Test func aSetIsChangedAsTheFileHasIt() throws {
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let plan = try plan(
            Self.file(3, Self.enrolled), inForce: inForce, .pending, [],
            .enrolled(.with { $0.none = true }))
        #expect(plan.before == inForce && plan.inFile.epoch == 3)
        #expect(plan.after == SwitchEntry(epoch: 4, state: inForce.state))
    }
}
