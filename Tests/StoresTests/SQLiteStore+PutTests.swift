import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// The sidecar's own writes: an authority's state put on the follower, and conditional writes for repair.
@Suite struct SQLiteStorePutTests {
    private struct Sides {
        let folder: TestFolder
        let old: TestStore
        let new: TestStore

        init() throws {
            folder = try TestFolder()
            old = try Orders.oldStore(folder)
            new = try Orders.newStore(folder)
        }

        /// A new record's content, as the new side answered it.
        func inserted(_ id: Int64 = 1, note: String = "a") throws -> [UInt8] {
            let insert = Orders.insert(id, [("items", .int64(2)), ("note", .text(note)), ("total", .decimal("1.25"))])
            let response: Switchover_V1_InsertResponse = try new.answer(.insert, insert)
            return try response.record.serializedBytes()
        }
    }

    private static func content(_ reply: StoreReply) throws -> [UInt8] {
        try Switchover_V1_GetResponse(serializedBytes: reply.message).record.serializedBytes()
    }

    @Test func theFollowerGetsTheAuthoritysStateAndVersion() throws {
        let sides = try Sides()
        let first = try sides.inserted()
        let put = sides.old.reply(.put(.upsert, .none), first)
        #expect(put.status == .ok, "\(put.detail)")
        // Both sides write a record alike: equal records are equal bytes.
        #expect(try Self.content(put) == first)
        let updated: Switchover_V1_UpdateResponse = try sides.new.answer(
            .update, Orders.update(1, [("note", .null), ("items", .int64(5))]))
        let second: [UInt8] = try updated.record.serializedBytes()
        #expect(try Self.content(sides.old.reply(.put(.overwriteExisting, .none), second)) == second)
        let got: Switchover_V1_GetResponse = try sides.old.answer(.get, Orders.get(1))
        #expect(got.record.version == 2)
        #expect(got.record["note"] == .null)
    }

    @Test(arguments: PutMode.allCases, [false, true])
    func modes(mode: PutMode, isThere: Bool) throws {
        let sides = try Sides()
        let record = try sides.inserted()
        if isThere { _ = sides.old.reply(.put(.upsert, .none), record) }
        let expected: GRPCStatus =
            switch mode {
            case .overwriteExisting: isThere ? .ok : .notFound
            case .insertIfAbsent: isThere ? .alreadyExists : .ok
            case .upsert: .ok
            }
        #expect(sides.old.reply(.put(mode, .none), record).status == expected)
    }

    @Test func conditionsAreCheckedWithTheWrite() throws {
        let sides = try Sides()
        let first = try sides.inserted()
        let other = try sides.inserted(2, note: "b")
        #expect(sides.old.reply(.put(.upsert, .equal(first)), first).status == .aborted)
        #expect(sides.old.reply(.put(.upsert, .absent), first).status == .ok)
        #expect(sides.old.reply(.put(.upsert, .absent), first).status == .aborted)
        #expect(sides.old.reply(.put(.upsert, .equal(other)), first).status == .aborted)
        #expect(sides.old.reply(.put(.overwriteExisting, .equal(first)), first).status == .ok)
        #expect(sides.old.reply(.remove(.equal(other)), first).status == .aborted)
        #expect(sides.old.reply(.remove(.absent), first).status == .aborted)
        let removed = sides.old.reply(.remove(.equal(first)), first)
        #expect(try Self.content(removed) == first)
        #expect(sides.old.reply(.remove(.equal(first)), first).status == .aborted)
        #expect(sides.old.reply(.remove(.none), first).status == .notFound)
    }

    @Test func aRecordIsWrittenWhole() throws {
        let sides = try Sides()
        var record = try Switchover_V1_Record(serializedBytes: try sides.inserted())
        record.fields.removeAll { $0.name == "note" }
        let reply = sides.old.reply(.put(.upsert, .none), try record.serializedBytes())
        #expect(reply.status == .invalidArgument)
        #expect(reply.detail == "fields: note is missing; a record is written whole")
    }

    @Test func aSortKeyInTheRecordIsNoHindrance() throws {
        let sides = try Sides()
        _ = try sides.inserted()
        let query = Switchover_V1_QueryRequest.with { $0.entity = "orders" }
        let found: Switchover_V1_QueryResponse = try sides.new.answer(.query, query)
        let record: [UInt8] = try #require(found.records.first).serializedBytes()
        #expect(sides.old.reply(.put(.insertIfAbsent, .absent), record).status == .ok)
    }

    @Test func whatTheFollowerCannotHoldIsRefused() throws {
        let sides = try Sides()
        let insert = Orders.insert(1, [("items", .int64(2)), ("created_at", .timestamp(1))])
        let response: Switchover_V1_InsertResponse = try sides.new.answer(.insert, insert)
        #expect(sides.old.reply(.put(.upsert, .none), try response.record.serializedBytes()).status == .invalidArgument)
    }
}
