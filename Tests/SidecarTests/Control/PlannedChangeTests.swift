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
        _ bytes: [UInt8], inForce: SwitchEntry, last: SwitchEntry? = nil, epoch: UInt64 = 0, isRefused: Bool = false,
        _ audit: [AuditEntry] = [],
        _ change: Switchover_V1_ChangeSwitchesRequest.OneOf_Change = .rollback(.init())
    ) throws -> PlannedChange {
        let request = Switchover_V1_ChangeSwitchesRequest.with {
            $0.migration = "orders"
            $0.change = change
        }
        return try PlannedChange(
            request, migrations: [SwitchedMigration(name: "orders", keyForm: nil)], path: "s.json", bytes: bytes,
            audit: audit,
            known: .init(inForce: inForce, last: last ?? inForce, epoch: epoch, isRefused: isRefused))
    }

    /// Contract, 2: `rollback` undoes the last forward change. One that is on its way has moved nothing, and taking it
    /// back moves nothing.
    @Test(arguments: [true, false]) func aPendingStepIsTakenBack(isOnRecord: Bool) throws {
        let pending = Self.file(3, Self.enrolled)
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let audit = isOnRecord ? [Self.command(inForce, try Self.entry(pending))] : []
        let plan = try plan(pending, inForce: inForce, last: try Self.entry(pending), audit)
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
        let plan = try plan(Self.file(3, Self.enrolled), inForce: inForce, last: pending, audit)
        let made = AuditEntry(
            time: "", migration: "orders", origin: .rollback, by: "", reason: "", before: plan.before,
            after: plan.after, undoes: plan.undoes)
        let history = SwitchHistory(audit + [made], of: "orders", inFile: plan.after)
        #expect(history.leftEnrolled(before: 0) != .yes)
    }

    // MARK: - A file that went back while a change is on its way

    /// Contract, 2: every change has a number higher than the last, and `rollback` takes back what is on its way; what
    /// the file says by now is not taken, whether it is what is in force, or a change between.
    @Test(arguments: [2, 3, 4] as [UInt64]) func whatIsOnItsWayIsTakenBackWhateverTheFileSays(inFile: UInt64) throws {
        let idle = SwitchEntry(
            epoch: 1, state: SwitchState(phase: .idle, enrolled: KeySelection(), gray: KeySelection()))
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let pending = try Self.entry(Self.file(4, Self.enrolled))
        // Epoch 4 of the file is another one.
        let bytes = Self.file(inFile, inFile == 2 ? Self.nobody : #""enrolled":{"allow":["7"]},"gray":"none""#)
        let audit = [Self.command(idle, inForce), Self.command(inForce, pending)]
        for isRefused in [true, false] {
            let plan = try plan(bytes, inForce: inForce, last: pending, isRefused: isRefused, audit)
            #expect(plan.standing == .refused)
            #expect(plan.after == SwitchEntry(epoch: 5, state: inForce.state) && plan.undoes == 4)
            #expect(!plan.changesNothing)
        }
        let other = try plan(
            bytes, inForce: inForce, last: pending, isRefused: true, audit, .gray(.with { $0.none = true }))
        #expect(other.standing == .refused && other.after.epoch == 5)
    }

    /// A change that was written and refused has had its number.
    @Test func noNumberIsGivenTwice() throws {
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let all = Switchover_V1_ChangeSwitchesRequest.OneOf_Change.enrolled(.with { $0.all = true })
        #expect(try plan(Self.file(2, Self.nobody), inForce: inForce, epoch: 6, [], all).after.epoch == 7)
        #expect(try plan(Self.file(2, Self.nobody), inForce: inForce, epoch: 2, [], all).after.epoch == 3)
    }

    /// What has not been looked at yet is as good as taken.
    @Test func anEditIsPendingUntilSomethingIsWrongWithIt() throws {
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let all = Switchover_V1_ChangeSwitchesRequest.OneOf_Change.enrolled(.with { $0.all = true })
        #expect(try plan(Self.file(3, Self.enrolled), inForce: inForce, [], all).standing == .pending)
        #expect(try plan(Self.file(3, Self.enrolled), inForce: inForce, isRefused: true, [], all).standing == .refused)
        #expect(try plan(Self.file(2, Self.nobody), inForce: inForce, isRefused: true, [], all).standing == .inForce)
    }

    /// What was refused is written over, and the last forward change that came into force is undone.
    @Test func aRefusedFileIsWrittenOver() throws {
        let refused = Self.file(7, Self.nobody, "finished")
        let first = try Self.entry(Self.file(2, Self.nobody))
        let inForce = try Self.entry(Self.file(3, Self.enrolled))
        let undoing = try plan(refused, inForce: inForce, isRefused: true, [Self.command(first, inForce)])
        #expect(undoing.before == inForce && undoing.after == SwitchEntry(epoch: 8, state: first.state))
        #expect(undoing.undoes == 3)
        let unknown = try plan(refused, inForce: inForce, isRefused: true)
        #expect(unknown.after == SwitchEntry(epoch: 8, state: inForce.state), "nobody can say what to undo")
    }

    /// Other changes are planned from the file, and judged from what is in force.
    @Test func aSetIsChangedAsTheFileHasIt() throws {
        let inForce = try Self.entry(Self.file(2, Self.nobody))
        let plan = try plan(
            Self.file(3, Self.enrolled), inForce: inForce, [],
            .enrolled(.with { $0.none = true }))
        #expect(plan.before == inForce && plan.inFile.epoch == 3)
        #expect(plan.after == SwitchEntry(epoch: 4, state: inForce.state))
    }
}
