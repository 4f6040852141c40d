import Glibc
import Migration
import Testing

@testable import Sidecar

/// The end of a record that grows, is cut off, replaced and edited meanwhile.
@Suite struct AuditTailTests {
    let folder: TemporaryFolder
    let audit: AuditFile

    init() throws {
        folder = try TemporaryFolder()
        audit = AuditFile(switchFile: folder.path("s.json"))
    }

    private func append(_ epochs: ClosedRange<UInt64>) throws {
        for epoch in epochs { try audit.append(AuditFileTests.entry("orders", epoch: epoch)) }
    }

    private var bytes: [UInt8] {
        get throws { try FileContent.read(audit.path, limit: 1 << 30) }
    }

    private func epochs(_ tail: inout AuditTail) throws -> [UInt64] { try tail.entries().map(\.after.epoch) }

    @Test func whatIsAppendedIsReadToo() throws {
        var tail = AuditTail(audit)
        #expect(try epochs(&tail) == [] && tail.isWhole)
        try append(2...4)
        #expect(try epochs(&tail) == [2, 3, 4])
        #expect(try epochs(&tail) == [2, 3, 4])
        try append(5...9)
        #expect(try epochs(&tail) == Array(2...9) && tail.isWhole)
    }

    /// However the file grows, the newest entries are there, and no part of a line is taken for one.
    @Test(arguments: [1, 200, 700, 1500, 5000])
    func nothingButTheEndIsKept(limit: Int) throws {
        var tail = AuditTail(audit, limit: limit)
        for epoch in stride(from: UInt64(2), to: 60, by: 3) {
            try append(epoch...epoch + 2)
            let found = try epochs(&tail)
            #expect(found == Array((epoch + 3 - UInt64(found.count))..<(epoch + 3)))
            #expect(tail.isWhole == (found.count == Int(epoch) + 1))
        }
        var fresh = AuditTail(audit, limit: limit)
        let line = AuditFileTests.entry("orders", epoch: 50).line.utf8.count
        #expect(try epochs(&fresh).count >= limit / line - 1)
        #expect(try audit.entries().count == 60)
    }

    @Test func aLineWithoutItsEndCountsOnce() throws {
        try append(2...3)
        let whole = try bytes
        try folder.write(whole.dropLast(), to: "s.audit.jsonl")
        var tail = AuditTail(audit)
        #expect(try epochs(&tail) == [2, 3])
        try append(4...4)
        #expect(try epochs(&tail) == [2, 3, 4])
        try folder.write(try bytes + whole.dropLast(30), to: "s.audit.jsonl")
        #expect(try epochs(&tail) == [2, 3, 4, 2])
    }

    @Test func aFileThatIsAnotherIsReadAnew() throws {
        try append(2...5)
        var tail = AuditTail(audit)
        let (first, all) = (AuditFileTests.entry("orders", epoch: 9).line, try bytes)
        #expect(try epochs(&tail) == [2, 3, 4, 5])
        try folder.write(Array(all.dropLast(first.utf8.count)), to: "s.audit.jsonl")
        #expect(try epochs(&tail) == [2, 3, 4], "cut off, as after a write that failed")
        try folder.replace("s.audit.jsonl", with: first)
        #expect(try epochs(&tail) == [9], "another file")
        try folder.write(String(decoding: all, as: UTF8.self), to: "s.audit.jsonl")
        #expect(try epochs(&tail) == [2, 3, 4, 5], "rewritten in its place")
        unlink(audit.path)
        #expect(try epochs(&tail) == [] && tail.isWhole)
    }

    /// What stands before the end of a long record counts as if it said the worst.
    @Test func whatIsLeftOutIsNotTakenForNothing() throws {
        let last = AuditFileTests.entry("orders", epoch: 9)
        let whole = SwitchHistory([last], of: "orders", inFile: last.after)
        #expect(whole.leftEnrolled(before: 9) == .unknown("the audit file begins at epoch 9"))
        let part = SwitchHistory([last], of: "orders", inFile: last.after, isWhole: false)
        #expect(part.leftEnrolled(before: 9) != .no && part.wroteBothSides(upTo: 2))
    }
}
