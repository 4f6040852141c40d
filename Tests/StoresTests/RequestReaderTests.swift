import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

/// What the Records service refuses, and which part of the request the words name.
@Suite struct RequestReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let operation: StoreOperation
        let message: any Message
        let words: String

        init(_ operation: StoreOperation, _ message: any Message, _ words: String) {
            self.operation = operation
            self.message = message
            self.words = words
        }

        var testDescription: String { words }
    }

    private static func query(_ body: (inout Switchover_V1_QueryRequest) -> Void) -> Switchover_V1_QueryRequest {
        .with {
            $0.entity = "orders"
            body(&$0)
        }
    }

    private static func filter(_ filter: Filter) -> Switchover_V1_QueryRequest { query { $0.filter = filter } }

    private static func comparison(_ field: String, _ value: Value, _ kind: Int = 1) -> Filter {
        .with {
            $0.comparison.field = field
            $0.comparison.operator = Switchover_V1_Comparison.Operator(rawValue: kind) ?? .unspecified
            if value != .null { $0.comparison.value = value }
        }
    }

    private static func nested(_ levels: Int) -> Filter {
        levels == 1 ? comparison("items", .int64(1)) : .with { $0.negated = nested(levels - 1) }
    }

    private static let single: [Case] = [
        Case(.get, Switchover_V1_GetRequest(), "entity: it is empty; write orders"),
        Case(
            .get, Switchover_V1_GetRequest.with { $0.entity = "Orders" }, "entity: there is no entity \"Orders\" here"),
        Case(.get, Switchover_V1_GetRequest.with { $0.entity = "\u{1}" }, "entity: there is no entity of 1 bytes here"),
        Case(
            .get, Switchover_V1_GetRequest.with { $0.entity = "orders" },
            "key: it is missing; write the record key: order_id (int64)"),
        Case(
            .get,
            Switchover_V1_GetRequest.with {
                $0.entity = "orders"
                $0.key.parts = [.text("1")]
            }, "key.parts[0]: expected a value of type int64, found text"),
        Case(
            .get,
            Switchover_V1_GetRequest.with {
                $0.entity = "orders"
                $0.key.parts = [.int64(1), .int64(2)]
            }, "key: it has too many parts"),
        Case(
            .get,
            Switchover_V1_GetRequest.with {
                $0.entity = "orders"
                $0.key.parts = [.null]
            }, "key.parts[0]: a part of a key is never NULL"),
        Case(
            .getMany,
            Switchover_V1_GetManyRequest.with {
                $0.entity = "orders"
                $0.keys = [Orders.key(1), .init()]
            }, "keys[1]: it has 0 of 1 parts"),
        Case(
            .getMany,
            Switchover_V1_GetManyRequest.with {
                $0.entity = "orders"
                $0.keys = (0...1_000).map(Orders.key)
            }, "keys: at most 1000 keys"),
        Case(
            .insert, Orders.insert(1, [("colour", .int64(1))]),
            "fields[0]: orders has no field \"colour\"; write one of order_id, store_id,"),
        Case(
            .insert, Orders.insert(1, [("items", .int64(1)), ("paid", .int64(1))]),
            "fields[1].paid: expected a value of type bool, found int64"),
        Case(.insert, Orders.insert(1, [("items", .null)]), "fields[0].items: it cannot be NULL"),
        Case(
            .insert, Orders.insert(1, [("items", .int64(1)), ("items", .int64(1))]), "fields[1]: items is named twice"),
        Case(.insert, Orders.insert(1, [("order_id", .int64(1))]), "fields[0]: order_id is a part of the record key"),
        Case(.insert, Orders.insert(1, [("store_id", .text("a"))]), "fields[0]: store_id is the gray key"),
        Case(.insert, Orders.insert(1, [("version", .int64(1))]), "fields[0]: version is the version"),
        Case(.insert, Orders.insert(1, [("", .int64(1))]), "fields[0]: field is empty; write one of"),
        Case(.insert, Orders.insert(1, [("weight", .double(.nan))]), "fields[0].weight: NaN has no place"),
        Case(
            .insert, Orders.insert(1, [("total", .decimal("1e3"))]), "fields[0].total: a decimal is written"),
        Case(
            .insert, Orders.insert(1, [("reference", .uuid([1]))]), "fields[0].reference: a uuid has 16 bytes"),
        Case(
            .insert,
            Switchover_V1_InsertRequest.with {
                $0.entity = "orders"
                $0.key = Orders.key(1)
            }, "gray_key: it is missing; write the record's store_id"),
        Case(.update, Orders.update(1, []), "changes: it is empty"),
        Case(.update, Orders.update(1, [("items", .text("1"))]), "changes[0].items: expected a value of type int64"),
        Case(.put(.upsert, .none), Switchover_V1_Record(), "key: it is missing"),
    ]

    private static let queries: [Case] = [
        Case(.query, query { $0.limit = 1_001 }, "limit: a page has at most 1000 records"),
        Case(.query, query { $0.order = [.with { $0.field = "colour" }] }, "order[0]: orders has no field \"colour\""),
        Case(
            .query, query { $0.order = [.with { $0.field = "extra" }] }, "order[0]: extra is JSON, which has no order"),
        Case(
            .query, query { $0.order = [.with { $0.field = "note" }, .with { $0.field = "note" }] },
            "order[1]: note stands in the order already"),
        Case(.query, query { $0.pageToken = .init([1, 2, 3]) }, "page_token: it was not made for this query"),
        Case(.query, query { $0.grayKey = .int64(1) }, "gray_key: expected a value of type text, found int64"),
        Case(.query, filter(Filter()), "filter: a filter needs one kind"),
        Case(.query, filter(comparison("colour", .int64(1))), "filter.comparison: orders has no field \"colour\""),
        Case(.query, filter(comparison("items", .int64(1), 0)), "filter.comparison: operator 0 is none"),
        Case(.query, filter(comparison("items", .int64(1), 7)), "filter.comparison: operator 7 is none"),
        Case(.query, filter(comparison("items", .null)), "filter.comparison.items: nothing compares with NULL"),
        Case(
            .query, filter(comparison("items", .text("1"))), "filter.comparison.items: expected a value of type int64"),
        Case(
            .query, filter(comparison("extra", .json("1"))), "filter.comparison: extra is JSON, which is not compared"),
        Case(
            .query, filter(.with { $0.all.filters = [comparison("items", .int64(1)), Filter()] }),
            "filter.all[1]: a filter needs one kind"),
        Case(
            .query, filter(.with { $0.negated = .with { $0.any.filters = [comparison("x", .int64(1))] } }),
            "filter.negated.any[0].comparison: orders has no field \"x\""),
        Case(.query, filter(.with { $0.among.field = "items" }), "filter.among: values is empty"),
        Case(
            .query,
            filter(
                .with {
                    $0.among = .with {
                        $0.field = "items"
                        $0.values = [.null]
                    }
                }),
            "filter.among.items: nothing compares with NULL"),
        Case(
            .query,
            filter(
                .with {
                    $0.among = .with {
                        $0.field = "items"
                        $0.values = .init(repeating: .int64(1), count: 1_001)
                    }
                }),
            "filter.among: a filter has at most 1000 values"),
        Case(.query, filter(.with { $0.prefix.field = "items" }), "filter.prefix: items is not of type text"),
        Case(.query, filter(.with { $0.isNull.field = "" }), "filter.is_null: field is empty"),
        Case(
            .query, filter(nested(17)),
            "filter" + String(repeating: ".negated", count: 16) + ": a filter has at most 16 levels"),
        Case(
            .query, filter(.with { $0.all.filters = .init(repeating: comparison("items", .int64(1)), count: 256) }),
            "filter.all[255]: a filter has at most 256 conditions"),
    ]

    @Test func everyFaultIsNamed() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        for sample in Self.single + Self.queries {
            let reply = store.reply(sample.operation, try sample.message.serializedBytes())
            #expect(reply.status == .invalidArgument, "\(sample.words)")
            #expect(reply.detail.hasPrefix(sample.words), "\(reply.detail)")
        }
    }

    @Test func theBoundsThemselvesAreTaken() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let conditions = Filter.with {
            $0.any.filters = .init(repeating: Self.comparison("items", .int64(1)), count: 255)
        }
        let values = Filter.with {
            $0.among.field = "items"
            $0.among.values = .init(repeating: .int64(1), count: 1_000)
        }
        for filter in [Self.nested(16), conditions, values] {
            let reply = try store.reply(.query, Self.filter(filter))
            #expect(reply.status == .ok, "\(reply.detail)")
        }
    }

    /// Bytes that a parser would let pass.
    @Test(
        arguments: [
            ([0x4a, 0], "GetRequest has no field 9 in this version"),
            ([0x12, 0], "field 2 of GetRequest stands twice; write it once"),
            ([0x10, 0], "field 2 of GetRequest has wire type 0, not 2"),
            ([0x1a, 4, 0x10, 1, 0x10, 1], "gray_key: expected a value of type text, found int64"),
            ([0x1a, 6, 0x32, 1, 0x61, 0x32, 1, 0x61], "gray_key: field 6 of Value stands twice; write it once"),
            ([0x1a, 5, 0x32, 1, 0x61, 0x10, 1], "gray_key: Value has two kinds; write one"),
            ([0x1a, 3, 0x32, 1, 0xff], "gray_key: field 6 of Value is not UTF-8"),
            ([0x1a, 9], "GetRequest is not well-formed at byte"),
        ] as [([UInt8], String)])
    func whatAParserWouldPassOver(more: [UInt8], words: String) throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let reply = store.reply(.get, try Orders.get(1).serializedBytes() + more)
        #expect(reply.status == .invalidArgument)
        #expect(reply.detail.hasPrefix(words), "\(reply.detail)")
    }
}
