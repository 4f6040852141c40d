import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import TestSupport
import WireFormat

/// Random records and queries with many NULLs, ties, and texts that collations confuse.
struct RandomOrders {
    var random: SeededRandom

    /// Fields that are compared and ordered; what is left out is JSON.
    static let comparable = [
        "order_id", "store_id", "household", "items", "total", "created_at", "note", "paid", "weight", "tag",
        "reference", "version",
    ]

    mutating func insert(_ id: Int64) -> Switchover_V1_InsertRequest {
        let nullable = ["household", "total", "created_at", "note", "paid", "weight", "tag", "reference"]
        var fields = [("items", value(of: "items"))]
        for name in nullable where !random.chance(1, in: 4) { fields.append((name, value(of: name))) }
        return Orders.insert(id, store: ["330", "406", "A", "a"].randomElement(using: &random)!, fields)
    }

    /// - Parameter isFiner: whether it may be between what the old table can hold.
    mutating func value(of field: String, isFiner: Bool = false) -> Value {
        switch field {
        case "order_id": .int64(Int64.random(in: -20...20, using: &random))
        case "store_id": .text(["330", "406", "A", "a", "b"].randomElement(using: &random)!)
        case "household": .uint64([0, 1, 2, 900, UInt64(Int64.max)].randomElement(using: &random)!)
        case "items", "version": .int64([.min, -1, 0, 1, 2, 3, .max].randomElement(using: &random)!)
        case "total": .decimal(decimal(isFiner))
        case "created_at": .timestamp(timestamp(isFiner))
        case "note": .text(Self.texts.randomElement(using: &random)!)
        case "paid": .bool(Bool.random(using: &random))
        case "weight":
            .double([-.infinity, -1.5, 0, .leastNonzeroMagnitude, 0.1, 2, 1e300].randomElement(using: &random)!)
        case "tag": .bytes([[], [0], [0, 0], [0, 1], [0xff], [0xff, 0], [1]].randomElement(using: &random)!)
        default: .uuid([UInt8](repeating: UInt8([0, 9, 0xa0, 0xff].randomElement(using: &random)!), count: 16))
        }
    }

    static let texts = [
        "", "a", "A", "a ", " a", "ab", "AB", "aB", "b", "z\u{0}", "z", "é", "É", "\u{1f600}", "012", "12",
    ]

    private mutating func decimal(_ isFiner: Bool) -> String {
        let all = ["-12.5", "-12.49", "-0.01", "0", "0.01", "0.1", "9", "10", "100", "1234567.89"]
        let finer = ["-12.495", "0.001", "-0.001", "9.999", "10.0001", "99999999999999999999999"]
        return (isFiner ? all + finer : all).randomElement(using: &random)!
    }

    private mutating func timestamp(_ isFiner: Bool) -> Int64 {
        let all: [Int64] = [-1_000_000, 0, 1_000_000, 1_483_271_606_000_000, 1_483_271_607_000_000]
        let finer: [Int64] = [-1, 1, 999_999, 1_483_271_606_000_001, .min, .max]
        return (isFiner ? all + finer : all).randomElement(using: &random)!
    }

    mutating func query() -> Switchover_V1_QueryRequest {
        .with {
            $0.entity = "orders"
            if random.chance(3, in: 4) { $0.filter = filter(depth: 0) }
            if random.chance(1, in: 6) { $0.grayKey = value(of: "store_id") }
            let names = Self.comparable.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random))
            for name in names {
                let isDescending = Bool.random(using: &random)
                $0.order.append(
                    .with {
                        $0.field = name
                        $0.descending = isDescending
                    })
            }
        }
    }

    mutating func filter(depth: Int) -> Filter {
        let kind = depth < 3 ? Int.random(in: 0..<10, using: &random) : Int.random(in: 3..<10, using: &random)
        let field = Self.comparable.randomElement(using: &random)!
        return .with {
            switch kind {
            case 0: $0.all = filters(depth)
            case 1: $0.any = filters(depth)
            case 2: $0.negated = filter(depth: depth + 1)
            case 3: $0.isNull.field = field
            case 4:
                $0.prefix.field = ["note", "store_id"].randomElement(using: &random)!
                $0.prefix.prefix = Self.texts.randomElement(using: &random)!
            case 5:
                $0.among.field = field
                $0.among.values = (0...Int.random(in: 0...4, using: &random)).map { _ in value(of: field, isFiner: true)
                }
            default:
                $0.comparison.field = field
                $0.comparison.operator = Switchover_V1_Comparison.Operator(
                    rawValue: Int.random(in: 1...6, using: &random))!
                $0.comparison.value = value(of: field, isFiner: true)
            }
        }
    }

    private mutating func filters(_ depth: Int) -> Switchover_V1_Filters {
        .with {
            for _ in 0..<Int.random(in: 0...3, using: &random) { $0.filters.append(filter(depth: depth + 1)) }
        }
    }
}
