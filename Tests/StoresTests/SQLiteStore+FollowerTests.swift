import Foundation
import GRDB
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// An update of a record that the other side could not hold afterwards.
@Suite struct SQLiteStoreFollowerTests {
    private static func total(_ folder: TestFolder) throws -> Int64? {
        let queue = try DatabaseQueue(path: folder.path + "/new.db")
        defer { try? queue.close() }
        return try queue.inDatabase {
            try Int64.fetchOne($0, sql: "SELECT total FROM \"orders \"\"new\"\"\" WHERE note = 'first'")
        }
    }

    private static func reply(
        _ store: TestStore, _ operation: StoreOperation, _ message: [UInt8], _ follower: TestStore
    ) -> StoreReply { store.reply(operation, message, follower: follower.store) }

    /// New counts in 1/10,000, old in 1/100.
    @Test(arguments: [false, true]) func aFinerValueThatIsThereAlready(hasTrigger: Bool) throws {
        let folder = try TestFolder()
        let (old, new) = (try Orders.oldStore(folder), try Orders.newStore(folder))
        let inserted = try new.reply(
            .insert, Orders.insert(1, [("items", .int64(1)), ("note", .text("first")), ("total", .decimal("1.2345"))]))
        try #require(inserted.status == .ok, "\(inserted.detail)")
        if hasTrigger {
            try folder.database(
                "new.db",
                "CREATE TRIGGER t AFTER UPDATE ON \"orders \"\"new\"\"\" BEGIN SELECT 1; END")
        }
        let other: [UInt8] = try Orders.update(1, [("items", .int64(2))]).serializedBytes()
        let refused = Self.reply(new, .update, other, old)
        #expect(refused.status == .failedPrecondition && refused.isMisfit)
        #expect(refused.detail.hasPrefix("total of the record has a value that table t_order of the other side"))
        let upsert: [UInt8] = try Switchover_V1_UpsertRequest.with {
            $0.entity = "orders"
            $0.key = Orders.key(1)
            $0.grayKey = .text("330")
            $0.fields = Orders.fields([("items", .int64(2))])
        }.serializedBytes()
        #expect(Self.reply(new, .upsert(ifAbsent: nil), upsert, old).isMisfit)
        #expect(try Self.total(folder) == 12345)
        let corrected: [UInt8] = try Orders.update(1, [("total", .decimal("1.23"))]).serializedBytes()
        #expect(Self.reply(new, .update, corrected, old).status == .ok)
        #expect(Self.reply(new, .update, other, old).status == .ok)
        #expect(try new.reply(.update, Orders.update(1, [("total", .decimal("1.2345"))])).status == .ok, "alone")
    }

    @Test func nullWhereTheOtherSideTakesNone() throws {
        let folder = try TestFolder()
        let new = try Orders.newStore(folder)
        let table = Orders.oldTable.replacing("note TEXT", with: "note TEXT NOT NULL DEFAULT ''")
        let old = try TestStore(Orders.old(folder.database("old.db", table)))
        #expect(try new.reply(.insert, Orders.insert(1, [("items", .int64(1))])).status == .ok)
        let other: [UInt8] = try Orders.update(1, [("items", .int64(2))]).serializedBytes()
        let refused = Self.reply(new, .update, other, old)
        #expect(refused.isMisfit)
        #expect(refused.detail.hasPrefix("note of the record is NULL, which table t_order of the other side"))
    }

    /// What follows may be a database of another kind: only what its columns take counts.
    @Test func aFollowerOfAnotherKind() throws {
        let folder = try TestFolder()
        let new = try Orders.newStore(folder)
        let old = try Orders.old(folder.path + "/nowhere.db")
        #expect(try new.reply(.insert, Orders.insert(1, [("items", .int64(1))])).status == .ok)
        let other: [UInt8] = try Orders.update(1, [("items", .int64(2))]).serializedBytes()
        let refused = new.reply(.update, other, follower: ForeignStore(old, neverNull: ["note"]))
        #expect(refused.isMisfit && refused.detail.hasPrefix("note of the record is NULL, which table t_order"))
        #expect(new.reply(.update, other, follower: ForeignStore(old, neverNull: [])).status == .ok)
    }
}

/// A store of a kind that the product does not have: known by its columns, never asked.
private final class ForeignStore: Store {
    let configuration: StoreConfiguration
    let columns: [ColumnTraits]
    let problem: String? = nil

    init(_ configuration: StoreConfiguration, neverNull: Set<String>) {
        self.configuration = configuration
        columns = configuration.entity.fields.map { field in
            var traits = ColumnTraits()
            traits.isNeverNull = neverNull.contains(field.name)
            return traits
        }
    }

    func perform(_ request: StoreRequest, _ completion: @escaping @Sendable (StoreReply) -> Void) {
        Issue.record("a follower is not asked")
    }

    func shape() -> TableShape? { nil }
    func fence() {}
    func close() {}
}
