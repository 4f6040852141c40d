import EventLoop
import Foundation
import GRDB
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// What is changed beside the sidecar while a store is open: its file, and its table.
@Suite struct SQLiteStoreChangesTests {
    private static let operations: [StoreOperation] = [.get, .tryUpdate, .update]

    private static func reply(_ store: TestStore, _ operation: StoreOperation) throws -> StoreReply {
        operation == .get
            ? try store.reply(.get, Orders.get(1))
            : try store.reply(operation, Orders.update(1, [("note", .text("changed"))]))
    }

    private static func note(_ path: String) throws -> String? {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.inDatabase { try String.fetchOne($0, sql: "SELECT note FROM t_order WHERE id = 1") }
    }

    private static func opened(_ folder: TestFolder) throws -> TestStore {
        let store = try Orders.oldStore(folder)
        let inserted = try store.reply(.insert, Orders.insert(1, [("items", .int64(1)), ("note", .text("first"))]))
        try #require(inserted.status == .ok, "\(inserted.detail)")
        return store
    }

    private static func move(_ path: String, _ other: String) throws {
        try FileManager.default.moveItem(atPath: path, toPath: other)
    }

    /// Nothing is read from a file that nobody else sees, and nothing is written into it.
    @Test func aReplacedFileIsRefused() throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        let path = folder.path + "/old.db"
        try folder.database("old.db", "PRAGMA wal_checkpoint(TRUNCATE)")
        let other = try folder.database("other.db", Orders.oldTable)
        let otherBytes = FileManager.default.contents(atPath: other)
        try Self.move(path, folder.path + "/away.db")
        try Self.move(other, path)
        for operation in Self.operations {
            let reply = try Self.reply(store, operation)
            #expect(reply.status == .unavailable && reply.isUnreachable && !reply.isOutcomeUnknown)
            #expect(reply.detail == "the file at \(path) was replaced; restart the sidecar")
        }
        #expect(store.store.problem == "the file at \(path) was replaced; restart the sidecar")
        #expect(try Self.note(folder.path + "/away.db") == "first")
        #expect(FileManager.default.contents(atPath: path) == otherBytes)
    }

    @Test func aFileThatIsGoneMayComeBack() throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        let path = folder.path + "/old.db"
        try Self.move(path, folder.path + "/away.db")
        for operation in Self.operations {
            #expect(try Self.reply(store, operation).detail.hasPrefix("the file at \(path) is gone; put it back"))
        }
        try Self.move(folder.path + "/away.db", path)
        for operation in Self.operations { #expect(try Self.reply(store, operation).status == .ok) }
        #expect(store.store.problem == nil)
    }

    @Test func aLinkThatLeadsElsewhereIsRefused() throws {
        let folder = try TestFolder()
        let path = folder.path + "/old.db"
        let first = try folder.database("first.db", Orders.oldTable)
        let second = try folder.database("second.db", Orders.oldTable)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: first)
        let store = try TestStore(Orders.old(path))
        #expect(try Self.reply(store, .get).status == .notFound)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: second)
        #expect(try Self.reply(store, .get).isUnreachable)
    }

    @Test func aClosedStoreMissesNoFile() throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        store.store.close()
        try FileManager.default.removeItem(atPath: folder.path + "/old.db")
        #expect(store.store.problem == nil)
    }

    /// A row is read again after a trigger, which RETURNING does not see.
    @Test func aTriggerIsNoticedByTheNextWrite() throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        try folder.database(
            "old.db",
            """
            CREATE TRIGGER shout AFTER UPDATE ON t_order BEGIN
                UPDATE t_order SET note = upper(note) WHERE id = new.id; END
            """)
        let answer = try store.answer(
            .update, Orders.update(1, [("note", .text("changed"))]), as: Switchover_V1_UpdateResponse.self)
        #expect(answer.record["note"] == .text("CHANGED"))
    }

    @Test func requestsAreJudgedByTheTableAsItIs() throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        let check = RequestCheck(old: store.store, new: store.store)
        let message: [UInt8] = try Orders.update(1, [("note", .null)]).serializedBytes()
        let fault = { message.withUnsafeBytes { check.fault(of: .update, $0) } }
        #expect(fault() == nil)
        try Self.rebuild(folder, Orders.oldTable.replacing("note TEXT", with: "note TEXT NOT NULL DEFAULT ''"))
        #expect(try Self.reply(store, .update).status == .ok)
        #expect(fault()?.description.contains("column note of old's table t_order takes no NULL") == true)
    }

    private static func rebuild(_ folder: TestFolder, _ table: String) throws {
        try folder.database(
            "old.db",
            """
            ALTER TABLE t_order RENAME TO before; \(table);
            INSERT INTO t_order (id, store, items, note, rev, source)
                SELECT id, store, items, note, rev, source FROM before;
            DROP TABLE before
            """)
    }

    @Test(arguments: [StoreOperation.get, .update]) func aColumnThatIsGoneIsSaid(operation: StoreOperation) throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        // What a read knows lasts for a second: it has to find out by its failure.
        #expect(try Self.reply(store, .get).status == .ok)
        try folder.database("old.db", "ALTER TABLE t_order RENAME COLUMN weight TO mass")
        let reply = try Self.reply(store, operation)
        #expect(reply.status == .unavailable && reply.isUnreachable)
        #expect(reply.detail.contains("table t_order has no column weight; write one of"))
        #expect(store.store.problem == reply.detail)
        try folder.database("old.db", "ALTER TABLE t_order RENAME COLUMN mass TO weight")
        #expect(try Self.reply(store, .update).status == .ok)
        #expect(try Self.reply(store, .get).status == .ok)
        #expect(store.store.problem == nil)
    }

    /// A statement's own handlers are there again after the table was read.
    @Test func deadlinesHoldAfterAChange() throws {
        let folder = try TestFolder()
        let store = try Self.opened(folder)
        try folder.database("old.db", "CREATE INDEX i ON t_order (store)")
        #expect(try Self.reply(store, .update).status == .ok)
        let locked = try DatabaseQueue(path: folder.path + "/old.db")
        try locked.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            let message: [UInt8] = try Orders.update(1, [("note", .text("x"))]).serializedBytes()
            let reply = store.reply(.update, message, deadline: MonotonicClock.nanoseconds &+ 20_000_000)
            #expect(reply.status == .deadlineExceeded)
            try database.execute(sql: "ROLLBACK")
        }
    }
}
