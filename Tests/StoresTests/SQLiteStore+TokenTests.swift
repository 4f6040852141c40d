import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Stores
@testable import WireFormat

/// Page tokens, which a store and a merge of two sides make and read alike.
@Suite struct SQLiteStoreTokenTests {
    private static let query = Switchover_V1_QueryRequest.with {
        $0.entity = "orders"
        $0.filter.isNull.field = "note"
        $0.order = [.with { $0.field = "items" }]
        $0.limit = 1
    }

    /// A token of another query and an altered one are refused by the store; another limit is no other query.
    @Test func foreignAndAlteredTokens() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        for id in Int64(1)...3 { let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(id)) }
        var query = Self.query
        let page: Switchover_V1_QueryResponse = try store.answer(.query, query)
        query.pageToken = page.nextPageToken
        query.limit = 2
        let next: Switchover_V1_QueryResponse = try store.answer(.query, query)
        #expect(next.records.map(\.key) == [2, 3].map(Orders.key))
        var other = query
        other.order[0].descending = true
        #expect(try store.failure(.query, other).words.hasPrefix("page_token: it was not made for this query"))
        for index in page.nextPageToken.indices {
            query.pageToken = page.nextPageToken
            query.pageToken[index] ^= 1
            #expect(try store.failure(.query, query).words.hasPrefix("page_token: "))
        }
    }

    /// A merge goes on after a store's page, and a store after a merge's.
    @Test func aMergeMakesTheSameToken() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        for id in Int64(1)...3 { let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(id)) }
        let wire: [UInt8] = try Self.query.serializedBytes()
        let reply = store.reply(.query, wire)
        let plan = try RowPlan(
            field: 1, key: KeyPlan([KeyField(path: FieldPath("1.1[0].2"), type: .int64)]),
            order: [OrderTerm(path: FieldPath("5"), type: .scalar(.bytes))], isTotal: true,
            paging: PagePlan(tokens: .keyset, limitField: 5, requestTokenField: 6, responseTokenField: 2))
        var table = RowTable()
        _ = try reply.message.withUnsafeBytes { try plan.scan($0, page: 0, into: &table) }
        #expect(table.count == 1)
        let digest = try wire.withUnsafeBytes { try RequestDigest(of: $0, withoutLimit: 5, withoutToken: 6) }
        let page = try Switchover_V1_QueryResponse(serializedBytes: reply.message)
        #expect(Array(page.nextPageToken) == PageToken.encode(table.position(of: 0), of: digest))
    }

    /// A token with the right hash whose position is none of this order.
    @Test(arguments: [[], [0], [1, 0, 0], [9], [1, 1, 0, 255, 0, 0, 7, 0, 0]] as [[UInt8]])
    func positionsOfNoRecord(position: [UInt8]) throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        var query = Self.query
        let wire: [UInt8] = try query.serializedBytes()
        let digest = try wire.withUnsafeBytes { try RequestDigest(of: $0, withoutLimit: 5, withoutToken: 6) }
        query.pageToken = Data(PageToken.encode(position, of: digest))
        #expect(try store.failure(.query, query).words.hasPrefix("page_token: it was altered"))
    }
}
