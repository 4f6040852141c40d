import Glibc
import Migration
import Testing

@testable import Sidecar

/// What is on the disk when a change of the switches cannot be written: the switch file of before, and on record
/// nothing that was not made.
@Suite struct SwitchFileBookTests {
    private let folder: TemporaryFolder
    private let book: SwitchFileBook
    private let audit: AuditFile
    private let change = AuditFileTests.entry("orders", epoch: 7)
    private var before: SwitchEntry { change.before! }

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("before", to: "s.json")
        let path = folder.path("s.json")
        book = SwitchFileBook(path)
        audit = AuditFile(switchFile: path)
    }

    private func write(_ page: String = "before") throws {
        try book.make(change, of: SwitchPage(text: Array(page.utf8)), before: before, text: "after")
    }

    private func switchFile() throws -> String {
        String(decoding: try FileContent.read(folder.path("s.json"), limit: 100), as: UTF8.self)
    }

    @Test func aChangeIsOnRecordAndInTheSwitchFile() throws {
        try write()
        #expect(try audit.entries() == [change] && switchFile() == "after")
        #expect(try book.newestChange(of: "orders") == change && book.allChanges() == [change])
        #expect(try book.latestChanges().changes == [change] && book.latestChanges().isWhole)
        #expect(try book.page() == SwitchPage(text: Array("after".utf8)))
        #expect(folder.names() == ["s.audit.jsonl", "s.json"])
    }

    /// Of two changes that start from the same page one is made.
    @Test func aChangeOfAnotherPageIsNotMade() throws {
        try folder.write("by hand", to: "s.json")
        let fault = #expect(throws: SwitchBookFault.self) { try write() }
        #expect(fault?.cause == .overtaken)
        #expect(try audit.entries() == [] && switchFile() == "by hand")
        #expect(folder.names() == ["s.json"], "nothing stays beside it")
        #expect(unlink(folder.path("s.json")) == 0)
        #expect(#expect(throws: SwitchBookFault.self) { try write() }?.cause == .overtaken)
        #expect(#expect(throws: SwitchBookFault.self) { try book.page() }?.cause == .missing)
        #expect(folder.names() == [])
    }

    /// As on a full disk.
    @Test func aSwitchFileThatCannotBeWrittenLeavesNothingOnRecord() throws {
        let temporary = "s.json.\(getpid()).tmp"
        folder.makeFolder(temporary)
        folder.makeFolder("\(temporary)/x")
        let failure = #expect(throws: SwitchBookFault.self) { try write() }
        #expect(failure?.description == "cannot create \(folder.path(temporary)): File exists; nothing has changed")
        #expect(try audit.entries() == [] && switchFile() == "before")
    }

    @Test func aRecordThatCannotBeWrittenLeavesTheSwitchFile() throws {
        #expect(mkfifo(audit.path, 0o600) == 0)
        #expect(throws: SwitchBookFault.self) { try write() }
        #expect(try switchFile() == "before")
        #expect(folder.names() == ["s.audit.jsonl", "s.json"], "nothing stays beside it")
    }

    /// As where the switch file is a mount of its own.
    @Test func aSwitchFileThatCannotBeReplacedWithdrawsTheChange() throws {
        #expect(unlink(folder.path("s.json")) == 0)
        folder.makeFolder("s.json")
        folder.makeFolder("s.json/x")
        let failure = #expect(throws: SwitchBookFault.self) { try write() }
        #expect(failure?.description.hasPrefix("cannot replace ") == true && failure?.unwithdrawn == nil)
        let entries = try audit.entries()
        #expect(entries.count == 2 && entries[0] == change && entries[1].origin == .withdrawn)
        #expect(entries[1].undoes == 7 && entries[1].after == before)
        #expect(folder.names() == ["s.audit.jsonl", "s.json"])
    }
}
