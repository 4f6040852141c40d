import Glibc
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
        #expect(try audit.newest(of: "orders").entry == nil)
        try audit.append(Self.entry("users", epoch: 2))
        #expect(try audit.newest(of: "orders").entry == nil)
    }

    /// Lines longer and shorter than what is read at a time.
    @Test(arguments: [0, 100, 3000, 20_000])
    func theLastEntryOfAMigrationIsFoundFromTheEnd(keys: Int) throws {
        for epoch in UInt64(2)...5 {
            try audit.append(Self.entry("orders", epoch: epoch, keys: keys))
            try audit.append(Self.entry("users", epoch: epoch + 10))
        }
        for epoch in UInt64(20)...40 { try audit.append(Self.entry("stock", epoch: epoch, keys: keys / 10)) }
        #expect(try audit.newest(of: "orders").entry == Self.entry("orders", epoch: 5, keys: keys))
        #expect(try audit.newest(of: "users").entry?.after.epoch == 15)
        #expect(try audit.newest(of: "stock").entry?.after.epoch == 40)
        #expect(try audit.entries().last { $0.migration == "orders" } == audit.newest(of: "orders").entry)
    }

    @Test func aLineThatWasCutShortIsPassedOver() throws {
        try audit.append(Self.entry("orders", epoch: 2))
        let whole = try FileContent.read(audit.path, limit: 1 << 20)
        try folder.write(whole + whole.dropLast(20), to: "s.audit.jsonl")
        #expect(try audit.newest(of: "orders").entry == Self.entry("orders", epoch: 2))
    }

    @Test func whatSurelyWasInForceIsWhatACommandCameFrom() {
        #expect(Self.entry("orders", epoch: 7).epochInForce == 6)
        #expect(Self.entry("orders", epoch: 7, origin: .file).epochInForce == 7)
    }

    /// A line that nobody's sidecar wrote: numbers out of their range, sets that are none, other texts.
    @Test(arguments: [
        ("\"epoch\": 2", "\"epoch\": 18446744073709551615"), ("\"epoch\": 1,", "\"epoch\": 18446744073709551615,"),
        ("\"epoch\": 2", "\"epoch\": 0"), ("\"epoch\": 2", "\"epoch\": 9223372036854775808"),
        ("\"all\"", "{ \"percent\": 99999999 }"), ("\"all\"", "{ \"percent\": 4294967295 }"),
        ("\"all\"", "{ \"percent\": -1 }"), ("\"all\"", "{ \"percent\": 100.01 }"),
        ("\"all\"", "{ \"percent\": 1e30 }"), ("\"all\"", "{ \"percent\": 1.999999999999 }"),
        ("\"all\"", "{ \"percent\": \"\" }"), ("\"all\"", "{ \"allow\": \"406\" }"),
        ("\"all\"", "{ \"allow\": [{}] }"), ("\"all\"", "{ \"deny\": [[]] }"), ("migrating", "nowhere"),
        ("\"before\": {", "\"before\": [{"), ("\"command\"", "\"nobody\""),
        ("\"reason\"", "\"undoes\": 18446744073709551616, \"reason\""),
    ])
    func aLineThatNobodyWroteIsPassedOver(old: String, new: String) throws {
        let whole = Self.entry("orders", epoch: 2)
        let line = String(whole.line.dropLast()).replacing(old, with: new, maxReplacements: 1)
        #expect(line != whole.line.dropLast())
        #expect(AuditEntry(line: Array(line.utf8)) == nil)
        try folder.write(whole.line + line + "\n", to: "s.audit.jsonl")
        #expect(
            try audit.newest(of: "orders") == AuditFile.Newest(entry: whole, unreadable: line.hasSuffix("}") ? 1 : 0))
        #expect(try audit.entries() == [whole])
    }

    @Test(arguments: [0, 1, 20, 9_223_372_036_854_775_807] as [UInt64])
    func anEntryIsReadAsItWasWritten(undone: UInt64) {
        var entry = Self.entry("orders", epoch: 7, keys: 3)
        entry.undoes = undone == 0 ? nil : undone
        entry.waived = undone == 1 ? [] : ["not-verified: --force orders", "dirty-records: --accept-dirty 3"]
        #expect(AuditEntry(line: Array(entry.line.utf8)) == entry)
    }

    /// A pipe in the file's place waits for nobody.
    @Test func whatIsNoFileIsSaid() throws {
        #expect(mkfifo(audit.path, 0o600) == 0)
        #expect(throws: FileFailure.self) { try audit.newest(of: "orders") }
        #expect(throws: FileFailure.self) { try audit.append(Self.entry("orders", epoch: 2)) }
        #expect(throws: FileFailure.self) { try audit.entries() }
    }
}
