import Glibc
import Migration
import Testing

@testable import Sidecar

/// What is on the disk when a change of the switches cannot be written: the switch file of before, and on record
/// nothing that was not made.
@Suite struct SwitchChangeFilesTests {
    private let folder: TemporaryFolder
    private let files: SwitchChangeFiles
    private let change = AuditFileTests.entry("orders", epoch: 7)
    private var before: SwitchEntry { change.before! }

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("before", to: "s.json")
        let path = folder.path("s.json")
        files = SwitchChangeFiles(audit: AuditFile(switchFile: path), switchFile: path)
    }

    private func write() throws { try files.write(change, before: before, text: "after") }

    private func switchFile() throws -> String {
        String(decoding: try FileContent.read(folder.path("s.json"), limit: 100), as: UTF8.self)
    }

    @Test func aChangeIsOnRecordAndInTheSwitchFile() throws {
        try write()
        #expect(try files.audit.entries() == [change] && switchFile() == "after")
        #expect(folder.names() == ["s.audit.jsonl", "s.json"])
    }

    /// As on a full disk.
    @Test func aSwitchFileThatCannotBeWrittenLeavesNothingOnRecord() throws {
        let temporary = "s.json.\(getpid()).tmp"
        folder.makeFolder(temporary)
        folder.makeFolder("\(temporary)/x")
        let failure = #expect(throws: SwitchChangeFiles.Failure.self) { try write() }
        #expect(failure?.cause.code == EEXIST && failure?.description.hasSuffix("; nothing has changed") == true)
        #expect(try files.audit.entries() == [] && switchFile() == "before")
    }

    @Test func aRecordThatCannotBeWrittenLeavesTheSwitchFile() throws {
        #expect(mkfifo(files.audit.path, 0o600) == 0)
        #expect(throws: SwitchChangeFiles.Failure.self) { try write() }
        #expect(try switchFile() == "before")
        #expect(folder.names() == ["s.audit.jsonl", "s.json"], "nothing stays beside it")
    }

    /// As where the switch file is a mount of its own.
    @Test func aSwitchFileThatCannotBeReplacedWithdrawsTheChange() throws {
        #expect(unlink(folder.path("s.json")) == 0)
        folder.makeFolder("s.json")
        folder.makeFolder("s.json/x")
        let failure = #expect(throws: SwitchChangeFiles.Failure.self) { try write() }
        #expect(failure?.cause.attempt == "replace" && failure?.unwithdrawn == nil)
        let entries = try files.audit.entries()
        #expect(entries.count == 2 && entries[0] == change && entries[1].origin == .withdrawn)
        #expect(entries[1].undoes == 7 && entries[1].after == before)
        #expect(folder.names() == ["s.audit.jsonl", "s.json"])
    }
}
