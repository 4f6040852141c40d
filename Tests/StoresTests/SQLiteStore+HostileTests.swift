import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import TestSupport
import Testing
import WireFormat

@testable import Stores

/// No bytes make a store trap, and nothing of a request gets into its SQL.
@Suite struct SQLiteStoreHostileTests {
    private static let operations: [StoreOperation] =
        [
            .get, .getMany, .query, .insert, .update, .upsert(ifAbsent: nil), .delete, .remove(.none),
            .remove(.equal([1])),
        ]
        + PutMode.allCases.map { .put($0, .none) }

    @Test(arguments: UInt64(1)...4)
    func randomAndDamagedRequests(seed: UInt64) throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        var orders = RandomOrders(random: SeededRandom(seed: seed))
        var taken = 0
        for round in 0..<600 {
            let wire = try Self.message(round, &orders)
            for bytes in [orders.random.bytes(atMost: 40), Self.damaged(wire, &orders.random)] {
                let operation = Self.operations.randomElement(using: &orders.random)!
                let reply = store.reply(operation, bytes)
                #expect(reply.status != .internal && reply.status != .unknown, "seed \(seed): \(reply.detail)")
                if reply.status == .ok { taken += 1 }
            }
        }
        #expect(taken > 0)
    }

    @Test func everyCutOfARequest() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        var orders = RandomOrders(random: SeededRandom(seed: 9))
        for round in 0..<20 {
            let wire = try Self.message(round, &orders)
            for length in 0..<wire.count {
                for operation in Self.operations {
                    let reply = store.reply(operation, Array(wire[..<length]))
                    #expect(reply.status != .internal && reply.status != .unknown, "\(reply.detail)")
                }
            }
        }
    }

    @Test func namesAreNeverSQL() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1))
        for text in ["items\" = 1 --", "1; DROP TABLE t_order", "rowid", "touched", "t_order.items"] {
            let query = Switchover_V1_QueryRequest.with {
                $0.entity = "orders"
                $0.order = [.with { $0.field = text }]
            }
            #expect(try store.failure(.query, query).status == .invalidArgument)
            let values = Switchover_V1_QueryRequest.with {
                $0.entity = "orders"
                $0.filter.comparison = .with {
                    $0.field = "note"
                    $0.operator = .notEqual
                    $0.value = .text(text)
                }
            }
            let _: Switchover_V1_QueryResponse = try store.answer(.query, values)
        }
        let _: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(1))
    }

    private static func message(_ round: Int, _ orders: inout RandomOrders) throws -> [UInt8] {
        switch round % 4 {
        case 0: try orders.query().serializedBytes()
        case 1: try orders.insert(Int64(round % 30)).serializedBytes()
        case 2: try Orders.update(Int64(round % 30), [("items", orders.value(of: "items"))]).serializedBytes()
        default: try Orders.get(Int64(round % 30)).serializedBytes()
        }
    }

    private static func damaged(_ wire: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var wire = wire
        for _ in 0..<Int.random(in: 0...2, using: &random) where !wire.isEmpty {
            let at = Int.random(in: wire.indices, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: wire[at] = UInt8.random(in: .min ... .max, using: &random)
            case 1: wire.remove(at: at)
            default: wire.insert(UInt8.random(in: .min ... .max, using: &random), at: at)
            }
        }
        return wire
    }
}
