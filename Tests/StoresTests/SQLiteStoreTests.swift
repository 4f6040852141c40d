import Foundation
import GRDB
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// Single records: what is written is read, and every rule of the Records service about one record.
@Suite struct SQLiteStoreTests {
    private static let all: [(String, Value)] = [
        ("household", .uint64(900)), ("items", .int64(-3)), ("total", .decimal("12.5")),
        ("created_at", .timestamp(1_483_271_606_000_000)), ("note", .text("Käse 'n\" \u{0} \u{1f600}")),
        ("paid", .bool(true)), ("weight", .double(0.1)), ("tag", .bytes([0, 255, 1])),
        ("reference", .uuid(Array(0..<16))), ("extra", .json("{\"a\": 1}")),
    ]

    private static func stores(_ folder: TestFolder) throws -> [TestStore] {
        [try Orders.oldStore(folder), try Orders.newStore(folder)]
    }

    @Test func everyTypeIsReadAsWritten() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            let inserted: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1, Self.all))
            #expect(inserted.record.key == Orders.key(1))
            #expect(inserted.record.grayKey == .text("330"))
            #expect(inserted.record.version == 1)
            #expect(inserted.record.fields == Orders.fields(Self.all))
            #expect(inserted.record.sortKey.isEmpty)
            let got: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(1))
            #expect(got.record == inserted.record)
        }
    }

    @Test func fieldsThatAreLeftOutGetTheColumnsDefault() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let inserted: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1))
        #expect(inserted.record["items"] == .int64(1))
        #expect(inserted.record["note"] == .null)
        #expect(inserted.record.fields.map(\.name) == Self.all.map(\.0))
    }

    @Test func aFieldThatMustBeGivenIsNamed() throws {
        let folder = try TestFolder()
        let store = try Orders.newStore(folder)
        let failure = try store.failure(.insert, Orders.insert(1))
        #expect(failure.status == .failedPrecondition)
        #expect(failure.words.hasPrefix("items must be given: column items of table "))
    }

    @Test func constantsAndColumnsOfNoFieldAreLeftAlone() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1))
        try folder.database("old.db", "UPDATE t_order SET touched = 8, source = 'person'")
        let _: Switchover_V1_UpdateResponse = try store.answer(.update, Orders.update(1, [("items", .int64(2))]))
        let row = try DatabaseQueue(path: folder.path + "/old.db").read {
            try Row.fetchOne($0, sql: "SELECT source, touched, items, rev FROM t_order")
        }
        #expect(row == ["source": "person", "touched": 8, "items": 2, "rev": 2])
    }

    @Test func insertOfARecordThatExists() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1, Self.all))
            #expect(try store.failure(.insert, Orders.insert(1)).status == .alreadyExists)
            let got: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(1))
            #expect(got.record["items"] == .int64(-3))
        }
    }

    @Test func updateAnswersWithTheWholeState() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1, Self.all))
            let changes: [(String, Value)] = [("note", .null), ("items", .int64(9))]
            let updated: Switchover_V1_UpdateResponse = try store.answer(.update, Orders.update(1, changes))
            #expect(updated.record["note"] == .null)
            #expect(updated.record["items"] == .int64(9))
            #expect(updated.record["weight"] == .double(0.1))
            #expect(updated.record.version == 2)
        }
    }

    @Test func expectedVersions() throws {
        let folder = try TestFolder()
        let store = try Orders.newStore(folder)
        let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1, Self.all))
        var update = Orders.update(1, [("items", .int64(9))])
        update.expectedVersion = 2
        #expect(try store.failure(.update, update) == (.aborted, "the record has version 1, not 2: read it again"))
        update.expectedVersion = 1
        let updated: Switchover_V1_UpdateResponse = try store.answer(.update, update)
        #expect(updated.record.version == 2)
        var delete = Switchover_V1_DeleteRequest.with {
            $0.entity = "orders"
            $0.key = Orders.key(1)
            $0.expectedVersion = 1
        }
        #expect(try store.failure(.delete, delete).status == .aborted)
        delete.expectedVersion = 2
        let deleted: Switchover_V1_DeleteResponse = try store.answer(.delete, delete)
        #expect(deleted.record == updated.record)
        #expect(try store.failure(.delete, delete).status == .notFound)
    }

    @Test func aRecordThatIsNotThere() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            #expect(try store.failure(.get, Orders.get(1)) == (.notFound, "orders has no such record"))
            #expect(try store.failure(.update, Orders.update(1, [("items", .int64(1))])).status == .notFound)
        }
    }

    @Test func grayKeysAreCheckedAndChanged() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1, store: "A", Self.all))
            var get = Orders.get(1)
            get.grayKey = .text("a")
            #expect(try store.failure(.get, get).status == .failedPrecondition)
            get.grayKey = .text("A")
            #expect(try store.reply(.get, get).status == .ok)
            var update = Orders.update(1, [])
            update.newGrayKey = .text("b")
            let updated: Switchover_V1_UpdateResponse = try store.answer(.update, update)
            #expect(updated.record.grayKey == .text("b"))
            #expect(updated.record.version == 2)
            #expect(try store.failure(.get, get).status == .failedPrecondition)
        }
    }

    @Test func upsertUpdatesOrInserts() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            var upsert = Switchover_V1_UpsertRequest.with {
                $0.entity = "orders"
                $0.key = Orders.key(1)
                $0.grayKey = .text("330")
                $0.fields = Orders.fields(Self.all)
            }
            let inserted: Switchover_V1_UpsertResponse = try store.answer(.upsert(ifAbsent: nil), upsert)
            #expect(inserted.record.version == 1)
            // Without `items`, which must not be NULL: nothing is inserted on the way.
            upsert.fields = Orders.fields([("note", .text("b"))])
            let updated: Switchover_V1_UpsertResponse = try store.answer(.upsert(ifAbsent: nil), upsert)
            #expect(updated.record["note"] == .text("b"))
            #expect(updated.record["items"] == .int64(-3))
            #expect(updated.record.version == 2)
            upsert.grayKey = .text("406")
            #expect(try store.failure(.upsert(ifAbsent: nil), upsert).status == .failedPrecondition)
            upsert.grayKey = .text("330")
            let refusal = StoreFault.invalid("it says too little")
            _ = try store.answer(.upsert(ifAbsent: refusal), upsert) as Switchover_V1_UpsertResponse
            upsert.key = Orders.key(2)
            #expect(try store.failure(.upsert(ifAbsent: refusal), upsert).status == .invalidArgument)
        }
    }

    @Test func aConstraintIsToldInSQLitesWords() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let insert = Orders.insert(1, [("note", .text("forbidden"))])
        let found = try store.failure(.insert, insert)
        #expect(found.status == .failedPrecondition)
        #expect(found.words.contains("CHECK constraint failed"), "\(found.words)")
        #expect(try store.failure(.get, Orders.get(1)).status == .notFound)
    }

    @Test func getManyAnswersInTheOrderOfTheKeys() throws {
        let folder = try TestFolder()
        for store in try Self.stores(folder) {
            for id in Int64(1)...3 {
                let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(id, Self.all))
            }
            var request = Switchover_V1_GetManyRequest.with {
                $0.entity = "orders"
                $0.keys = [3, 9, 1, 3].map(Orders.key)
            }
            let response: Switchover_V1_GetManyResponse = try store.answer(.getMany, request)
            #expect(response.records.map(\.key) == [3, 1, 3].map(Orders.key))
            request.grayKey = .text("406")
            #expect(try store.failure(.getMany, request).status == .failedPrecondition)
            request.keys = []
            #expect(try store.reply(.getMany, request).status == .ok)
        }
    }

    @Test func writesThatTheColumnsCannotHoldAreRefused() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        for (name, value) in [
            ("total", Value.decimal("0.001")), ("total", .decimal("99999999999999999999")),
            ("created_at", .timestamp(1)), ("created_at", .timestamp(.max)), ("household", .uint64(.max)),
        ] {
            let found = try store.failure(.insert, Orders.insert(1, [(name, value)]))
            #expect(found.status == .invalidArgument)
            #expect(found.words.hasPrefix("fields.\(name): the column cannot hold"), "\(found.words)")
        }
    }

    @Test func aTriggersWorkIsInTheAnswer() throws {
        let folder = try TestFolder()
        let path = try folder.database(
            "old.db",
            Orders.oldTable
                + "; CREATE TRIGGER doubled AFTER UPDATE OF items ON t_order BEGIN "
                + "UPDATE t_order SET total_cents = new.items * 100 WHERE id = new.id; END; ")
        let store = try TestStore(Orders.old(path))
        let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1))
        let updated: Switchover_V1_UpdateResponse = try store.answer(.update, Orders.update(1, [("items", .int64(4))]))
        #expect(updated.record["total"] == .decimal("4"))
    }

    /// Writing one record never takes another, and what was not written is not told as written (contract, I1, I3).
    @Test(arguments: ["REPLACE", "IGNORE", "FAIL", "ROLLBACK", "ABORT"])
    func aConstraintRefusesWhateverItDeclares(clause: String) throws {
        let folder = try TestFolder()
        let path = try folder.database(
            "old.db",
            Orders.oldTable.replacing("household INTEGER", with: "household INTEGER UNIQUE ON CONFLICT \(clause)")
                .replacing("items INTEGER NOT NULL", with: "items INTEGER NOT NULL ON CONFLICT \(clause)"))
        let store = try TestStore(Orders.old(path))
        for id in Int64(1)...2 {
            let insert = Orders.insert(id, [("household", .uint64(UInt64(id)))])
            let _: Switchover_V1_InsertResponse = try store.answer(.insert, insert)
        }
        let taken = [("household", Value.uint64(2))]
        #expect(try store.failure(.update, Orders.update(1, taken)).status == .failedPrecondition)
        #expect(try store.failure(.insert, Orders.insert(3, taken)).status == .failedPrecondition)
        let got: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(1))
        var first = got.record
        for index in first.fields.indices where first.fields[index].name == "household" {
            first.fields[index].value = .uint64(2)
        }
        let put = store.reply(.put(.upsert, .none), try first.serializedBytes())
        #expect(put.status == .failedPrecondition, "\(put.detail)")
        for id in Int64(1)...2 {
            let got: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(id))
            #expect(got.record["household"] == .uint64(UInt64(id)))
        }
        #expect(try store.failure(.get, Orders.get(3)).status == .notFound)
    }

    /// What a trigger says of conflicts is the trigger's, as for any other writer of the table.
    @Test func aTriggersOwnConflictClauseHolds() throws {
        let folder = try TestFolder()
        let path = try folder.database(
            "old.db",
            Orders.oldTable
                + "; CREATE TABLE latest (store TEXT PRIMARY KEY, id INTEGER); "
                + "CREATE TRIGGER noted AFTER INSERT ON t_order BEGIN "
                + "INSERT OR REPLACE INTO latest VALUES (new.store, new.id); END")
        let store = try TestStore(Orders.old(path))
        for id in Int64(1)...2 { #expect(try store.reply(.insert, Orders.insert(id)).status == .ok) }
    }

    @Test func aRowThatIsNotAsDeclaredIsAnErrorThatNamesTheColumn() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        for id in Int64(1)...4 {
            let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(id, Self.all))
        }
        let damage = [
            "paid = 2 WHERE id = 1", "created = '2017-01-01' WHERE id = 2", "ref = 'ABC' WHERE id = 3",
            "note = CAST(x'ff' AS TEXT) WHERE id = 4",
        ]
        try folder.database("old.db", damage.map { "UPDATE t_order SET \($0);" }.joined())
        for (id, column) in [(1, "paid"), (2, "created"), (3, "ref"), (4, "note")] {
            let found = try store.failure(.get, Orders.get(Int64(id)))
            #expect(found.status == .internal)
            #expect(found.words.contains("in column \(column) "), "\(found.words)")
            // Nothing is written to what cannot be read.
            #expect(try store.failure(.update, Orders.update(Int64(id), [("items", .int64(7))])).status == .internal)
        }
    }

    @Test func aCommitThatIsRefusedWritesNothing() throws {
        let folder = try TestFolder()
        let path = try folder.database(
            "old.db",
            Orders.oldTable.replacing(
                "touched INTEGER DEFAULT 7",
                with: "touched INTEGER DEFAULT 7 REFERENCES shops (id) DEFERRABLE INITIALLY DEFERRED")
                + "; CREATE TABLE shops (id INTEGER PRIMARY KEY)")
        let store = try TestStore(Orders.old(path))
        let reply = try store.reply(.insert, Orders.insert(1))
        #expect(reply.status == .failedPrecondition)
        #expect(reply.detail == "FOREIGN KEY constraint failed")
        #expect(!reply.isOutcomeUnknown)
        #expect(try store.failure(.get, Orders.get(1)).status == .notFound)
        try folder.database("old.db", "INSERT INTO shops VALUES (7)")
        #expect(try store.reply(.insert, Orders.insert(1)).status == .ok)
    }

    @Test func compositeKeysWhoseFirstPartIsTheGrayKey() throws {
        let folder = try TestFolder()
        let path = try folder.database(
            sql: "CREATE TABLE lines (no INTEGER, shop TEXT, amount INTEGER, PRIMARY KEY (shop, no)) WITHOUT ROWID")
        let entity = try RecordEntity(
            name: "lines",
            fields: [
                .init(name: "shop", type: .text), .init(name: "no", type: .uint64), .init(name: "amount", type: .int64),
            ],
            key: ["shop", "no"], grayKey: "shop")
        let store = try TestStore(
            StoreConfiguration(
                path: path, entity: entity, table: "lines",
                columns: [.init(name: "shop"), .init(name: "no"), .init(name: "amount")]))
        var insert = Switchover_V1_InsertRequest.with {
            $0.entity = "lines"
            $0.key.parts = [.text("a"), .uint64(1)]
            $0.grayKey = .text("b")
            $0.fields = Orders.fields([("amount", .int64(5))])
        }
        #expect(try store.failure(.insert, insert).words.hasPrefix("gray_key: it is not the same as part 0 of the key"))
        insert.grayKey = .text("a")
        let inserted: Switchover_V1_InsertResponse = try store.answer(.insert, insert)
        #expect(inserted.record.grayKey == .text("a"))
        #expect(!inserted.record.hasVersion)
        #expect(inserted.record.fields.map(\.name) == ["amount"])
    }
}

extension TestFolder {
    fileprivate func database(sql: String) throws -> String { try database("test.db", sql) }
}
