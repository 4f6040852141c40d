import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import TestSupport
import Testing
import WireFormat

@testable import Stores

/// Random filters and orders over random rows, walked in pages of every size, on both tables, against `OrdersModel`.
@Suite struct SQLiteStoreRandomQueryTests {
    private static let recordCount = 40

    @Test(arguments: UInt64(1)...6)
    func everyWalkAnswersAsTheModel(seed: UInt64) throws {
        let folder = try TestFolder()
        var orders = RandomOrders(random: SeededRandom(seed: seed))
        let inserts = (0..<Self.recordCount).map { orders.insert(Int64($0) - 20) }
        let stores = [try Orders.oldStore(folder), try Orders.newStore(folder)]
        let model = OrdersModel(records: try Self.filled(stores, inserts))
        var found = 0
        for round in 0..<60 {
            let query = orders.query()
            let expected = model.answer(query)
            found += expected.count
            let limit = Int.random(in: 1...Self.recordCount + 1, using: &orders.random)
            for (side, store) in stores.enumerated() {
                for size in round < 3 ? Array(1...Self.recordCount + 1) : [1, limit] {
                    let walked = try Self.walk(query, size, [store])
                    let place = "seed \(seed), round \(round), side \(side), pages of \(size): \(query)"
                    try #require(walked.map(\.withoutSortKey) == expected, "\(place)")
                    Self.checkSortKeys(walked, query, place)
                }
            }
            // Each page from the other side: tokens mean the same on both.
            #expect(try Self.walk(query, 3, stores).map(\.withoutSortKey) == expected, "seed \(seed), round \(round)")
        }
        #expect(found > 300, "the queries of seed \(seed) find hardly any record")
    }

    /// Both sides' records, which must be alike byte for byte.
    private static func filled(_ stores: [TestStore], _ inserts: [Switchover_V1_InsertRequest]) throws -> [TestRecord] {
        try inserts.map { insert in
            let replies = try stores.map { try $0.reply(.insert, insert) }
            #expect(replies[0] == replies[1])
            try #require(replies[0].status == .ok, "\(replies[0].detail)")
            return try Switchover_V1_InsertResponse(serializedBytes: replies[0].message).record
        }
    }

    /// All pages of a query, from the stores in turn.
    private static func walk(
        _ query: Switchover_V1_QueryRequest, _ size: Int, _ stores: [TestStore]
    ) throws -> [TestRecord] {
        var query = query
        query.limit = UInt32(size)
        var records: [TestRecord] = []
        for page in 0... {
            let response: Switchover_V1_QueryResponse = try stores[page % stores.count].answer(.query, query)
            #expect(response.records.count <= size)
            #expect(response.records.count == size || response.nextPageToken.isEmpty)
            records += response.records
            guard !response.nextPageToken.isEmpty, page <= recordCount else { break }
            query.pageToken = response.nextPageToken
        }
        return records
    }

    private static func checkSortKeys(_ records: [TestRecord], _ query: Switchover_V1_QueryRequest, _ place: String) {
        for (one, two) in zip(records, records.dropFirst()) {
            #expect(OrdersModel.compare(Array(one.sortKey), Array(two.sortKey)) < 0, "\(place)")
        }
    }
}

extension Switchover_V1_Record {
    var withoutSortKey: Self {
        var record = self
        record.sortKey = .init()
        return record
    }
}
