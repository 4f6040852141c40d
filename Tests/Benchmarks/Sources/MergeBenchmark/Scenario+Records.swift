import Foundation
import SwiftProtobuf

extension Scenario {
    /// Records as a retail order has them: ten fields of several types.
    ///
    /// - Parameters:
    ///   - ids: their keys, ascending.
    ///   - grays: what each one's gray key is worked out from.
    static func response(_ ids: [Int], _ grays: [Int]) -> QueryResponse {
        .with { $0.records = zip(ids, grays).map { record($0, gray: $1 % grayKeys) } }
    }

    private static func record(_ id: Int, gray: Int) -> Record {
        .with { record in
            record.key.parts = [.with { $0.int64 = Int64(id) }]
            record.grayKey.text = "store-\(1000 + gray)"
            record.fields = values(id).map { name, value in
                .with {
                    $0.name = name
                    $0.value = value
                }
            }
            record.version = Int64(id % 7 + 1)
            record.sortKey = withUnsafeBytes(of: (UInt64(1_700_000_000 + id).bigEndian, UInt64(id).bigEndian)) {
                Data($0)
            }
        }
    }

    private static func values(_ id: Int) -> [(String, Value)] {
        [
            ("customer", .with { $0.text = "customer-\(id * 7919 % 100_000)" }),
            ("status", .with { $0.text = ["paid", "shipped", "returned"][id % 3] }),
            ("placed_at", .with { $0.timestamp = Int64(1_700_000_000 + id) * 1_000_000 }),
            ("total", .with { $0.decimal = "\(id % 500).\(10 + id % 90)" }),
            ("items", .with { $0.int64 = Int64(id % 12) }),
            ("weight", .with { $0.double = Double(id) / 3 }),
            ("gift", .with { $0.bool = id % 5 == 0 }),
            ("reference", .with { $0.uuid = Data((0..<16).map { UInt8(truncatingIfNeeded: id &* ($0 + 3)) }) }),
            ("note", id % 4 == 0 ? .with { $0.text = "leave at the door, please ring twice" } : Value()),
            ("details", .with { $0.json = "{\"channel\":\"web\",\"coupon\":null,\"lines\":[\(id),\(id + 1)]}" }),
        ]
    }
}
