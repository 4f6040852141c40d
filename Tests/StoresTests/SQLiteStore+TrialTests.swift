import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// Updates and deletes that are carried out, judged and rolled back (contract, 4.7).
@Suite struct SQLiteStoreTrialTests {
    private struct Side {
        let folder: TestFolder
        let store: TestStore
        private let path: String

        /// Order 1 of store 330 at version 1, and whatever `sql` adds.
        init(_ sql: String = "", limits: StoreLimits = StoreLimits()) throws {
            folder = try TestFolder()
            path = try folder.database("old.db", Orders.oldTable + ";" + sql)
            store = try TestStore(Orders.old(path, limits: limits))
            let _: Switchover_V1_InsertResponse = try store.answer(
                .insert, Orders.insert(1, [("items", .int64(2)), ("note", .text("a"))]))
        }

        func delete(_ make: (inout Switchover_V1_DeleteRequest) -> Void = { _ in }) -> Switchover_V1_DeleteRequest {
            var request = Switchover_V1_DeleteRequest.with {
                $0.entity = "orders"
                $0.key = Orders.key(1)
            }
            make(&request)
            return request
        }

        func record() throws -> Switchover_V1_Record {
            let got: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(1))
            return got.record
        }
    }

    @Test func aTrialAnswersAsTheDeleteWouldAndChangesNothing() throws {
        let side = try Side()
        let before = try side.record()
        let tried: Switchover_V1_DeleteResponse = try side.store.answer(.tryDelete, side.delete())
        #expect(tried.record == before)
        #expect(try side.record() == before)
        let made: Switchover_V1_DeleteResponse = try side.store.answer(.delete, side.delete())
        #expect(made.record == before)
        #expect(try side.store.failure(.tryDelete, side.delete()).status == .notFound)
    }

    /// What a trigger undoes is not made, and is not told to be.
    @Test(arguments: ["update", "delete"]) func aWriteThatATriggerUndoesIsRefused(event: String) throws {
        let side = try Side(
            "CREATE TRIGGER kept BEFORE \(event) ON t_order BEGIN SELECT raise(ignore); END")
        let before = try side.record()
        let operations: [StoreOperation] = event == "update" ? [.update, .tryUpdate] : [.delete, .tryDelete]
        for operation in operations {
            let failure =
                event == "update"
                ? try side.store.failure(operation, Orders.update(1, [("note", .text("b"))]))
                : try side.store.failure(operation, side.delete())
            #expect(failure.status == .failedPrecondition)
        }
        #expect(try side.record() == before)
    }

    @Test func aTrialTellsWhatAnUpdateMakesOfTheRecord() throws {
        let side = try Side()
        let before = try side.record()
        let tried: Switchover_V1_UpdateResponse = try side.store.answer(
            .tryUpdate, Orders.update(1, [("note", .text("b"))]))
        #expect(tried.record["note"] == .text("b") && tried.record.version == 2)
        #expect(try side.record() == before)
    }

    @Test func whatTheRecordShowsIsJudged() throws {
        let side = try Side()
        #expect(try side.store.failure(.tryDelete, side.delete { $0.expectedVersion = 9 }).status == .aborted)
        #expect(
            try side.store.failure(.tryDelete, side.delete { $0.grayKey = .text("406") }).status == .failedPrecondition)
        let unknown = try side.delete().serializedBytes() + [0x98, 0x06, 0x01]
        #expect(side.store.reply(.tryDelete, unknown).status == .invalidArgument)
        #expect(try side.record().version == 1)
    }

    @Test(arguments: [
        "CREATE TABLE line (id INTEGER PRIMARY KEY, o INTEGER NOT NULL REFERENCES t_order (id))",
        "CREATE TABLE line (id INTEGER PRIMARY KEY, o INTEGER REFERENCES t_order (id) DEFERRABLE INITIALLY DEFERRED)",
    ])
    func foreignKeysAreJudgedThoseOfTheCommitToo(table: String) throws {
        let side = try Side(
            table + "; CREATE TRIGGER made AFTER INSERT ON t_order BEGIN INSERT INTO line VALUES (1, 1); END")
        let refusal = try side.store.failure(.tryDelete, side.delete())
        #expect(refusal.status == .failedPrecondition && refusal.words.contains("FOREIGN KEY"))
        #expect(try side.store.failure(.delete, side.delete()).status == .failedPrecondition, "as the delete itself")
        #expect(try side.record().version == 1)
    }

    @Test func triggersAreJudgedAndTheirEffectsRolledBack() throws {
        let side = try Side(
            "CREATE TABLE gone (id INTEGER); "
                + "CREATE TRIGGER noted BEFORE DELETE ON t_order BEGIN INSERT INTO gone VALUES (old.id); "
                + "SELECT RAISE(ABORT, 'closed books') WHERE (SELECT count(*) FROM gone) > 1; END")
        for _ in 0..<3 {
            let tried: Switchover_V1_DeleteResponse = try side.store.answer(.tryDelete, side.delete())
            #expect(tried.record.version == 1)
        }
        #expect(try side.record().version == 1)
    }

    @Test func whatNobodyWaitsForIsNotBegun() throws {
        let side = try Side()
        let cancellation = StoreCancellation()
        cancellation.cancel()
        let reads: [(StoreOperation, [UInt8])] = [
            (.get, try Orders.get(1).serializedBytes()), (.tryDelete, try side.delete().serializedBytes()),
        ]
        for (operation, message) in reads {
            #expect(side.store.reply(operation, message, cancellation: cancellation).status == .cancelled)
        }
        // A write that was asked for is made, whoever waits.
        let delete: [UInt8] = try side.delete().serializedBytes()
        #expect(side.store.reply(.delete, delete, cancellation: cancellation).status == .ok)
    }
}
