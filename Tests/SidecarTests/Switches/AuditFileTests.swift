import Migration
import Testing

@testable import Sidecar

@Suite struct AuditFileTests {
    static func entry(
        _ migration: String, epoch: UInt64, origin: AuditEntry.Origin = .command, keys: Int = 0
    ) -> AuditEntry {
        var state = SwitchState(phase: .migrating, enrolled: .all, gray: .none)
        let before = SwitchEntry(epoch: epoch - 1, state: state)
        state.gray.add((0..<keys).map { ["store-\($0)"] })
        return AuditEntry(
            time: "2026-01-01T00:00:00Z", migration: migration, origin: origin, by: "somebody", reason: "",
            before: before,
            after: SwitchEntry(epoch: epoch, state: state))
    }

    let folder: TemporaryFolder
    let audit: AuditFile

    init() throws {
        folder = try TemporaryFolder()
        audit = AuditFile(switchFile: folder.path("s.json"))
    }

    @Test func thereIsNoLastEntryWhereThereIsNoFileOrNoneOfTheMigration() throws {
        #expect(try audit.last(of: "orders") == nil)
        try audit.append(Self.entry("users", epoch: 2))
        #expect(try audit.last(of: "orders") == nil)
    }

    /// Lines longer and shorter than what is read at a time.
    @Test(arguments: [0, 100, 3000, 20_000])
    func theLastEntryOfAMigrationIsFoundFromTheEnd(keys: Int) throws {
        for epoch in UInt64(2)...5 {
            try audit.append(Self.entry("orders", epoch: epoch, keys: keys))
            try audit.append(Self.entry("users", epoch: epoch + 10))
        }
        for epoch in UInt64(20)...40 { try audit.append(Self.entry("stock", epoch: epoch, keys: keys / 10)) }
        #expect(try audit.last(of: "orders") == Self.entry("orders", epoch: 5, keys: keys))
        #expect(try audit.last(of: "users")?.after.epoch == 15)
        #expect(try audit.last(of: "stock")?.after.epoch == 40)
        #expect(try audit.entries().last { $0.migration == "orders" } == audit.last(of: "orders"))
    }

    @Test func aLineThatWasCutShortIsPassedOver() throws {
        try audit.append(Self.entry("orders", epoch: 2))
        let whole = try FileContent.read(audit.path, limit: 1 << 20)
        try folder.write(whole + whole.dropLast(20), to: "s.audit.jsonl")
        #expect(try audit.last(of: "orders") == Self.entry("orders", epoch: 2))
    }

    @Test func whatSurelyWasInForceIsWhatACommandCameFrom() {
        #expect(Self.entry("orders", epoch: 7).epochInForce == 6)
        #expect(Self.entry("orders", epoch: 7, origin: .file).epochInForce == 7)
    }
}
