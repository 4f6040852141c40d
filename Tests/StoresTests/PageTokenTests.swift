import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

@Suite struct PageTokenTests {
    private static func hash(_ query: Switchover_V1_QueryRequest) throws -> UInt64? {
        let bytes: [UInt8] = try query.serializedBytes()
        return bytes.withUnsafeBytes { PageToken.hash($0) }
    }

    private static let query = Switchover_V1_QueryRequest.with {
        $0.entity = "orders"
        $0.filter.isNull.field = "note"
        $0.order = [.with { $0.field = "items" }]
        $0.limit = 10
    }

    @Test func limitAndTokenAreNotHashed() throws {
        var other = Self.query
        other.limit = 11
        other.pageToken = .init([1, 2])
        #expect(try Self.hash(other) == Self.hash(Self.query))
        other.order[0].descending = true
        #expect(try Self.hash(other) != Self.hash(Self.query))
    }

    @Test func whatIsMadeIsRead() throws {
        let token = PageToken.make(hash: 0x0102_0304_0506_0708, sortKey: [9, 10])
        #expect(token == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        token.withUnsafeBytes {
            #expect(PageToken.sortKey(of: $0, hash: 0x0102_0304_0506_0708).map(Array.init) == [9, 10])
            #expect(PageToken.sortKey(of: $0, hash: 1) == nil)
        }
        for count in 0...9 {
            token[..<count].withUnsafeBytes { #expect(PageToken.sortKey(of: $0, hash: 0x0102_0304_0506_0708) == nil) }
        }
    }

    @Test func aMessageThatIsNoneHasNoHash() {
        let cut: [UInt8] = [0x12, 9]
        #expect(cut.withUnsafeBytes { PageToken.hash($0) } == nil)
        let empty: [UInt8] = []
        #expect(empty.withUnsafeBytes { PageToken.hash($0) } != nil)
    }

    /// A token of another query, an altered one, and one of another version are refused by the store.
    @Test func foreignAndAlteredTokens() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        for id in Int64(1)...3 { let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(id)) }
        var query = Self.query
        query.limit = 1
        let page: Switchover_V1_QueryResponse = try store.answer(.query, query)
        let token = Array(page.nextPageToken)
        #expect(token.count > 9)
        query.pageToken = .init(token)
        #expect(try store.reply(.query, query).status == .ok)
        var other = query
        other.order[0].descending = true
        #expect(try store.failure(.query, other).status == .invalidArgument)
        for altered in [[2] + token.dropFirst(), token + [0], token.dropLast(), token[..<9] + [7] + token[10...]] {
            query.pageToken = .init(altered)
            #expect(try store.failure(.query, query).words.hasPrefix("page_token: "))
        }
    }
}
