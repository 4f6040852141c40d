import Foundation

/// An order as the app knows it: the names of `switchover.yaml`, whatever the tables call their columns.
struct Order: Codable, Sendable {
    var id: Int64
    var store: String
    var household: Int64
    var items: Int64
    var total: Decimal
    var createdAt: Date
    var status: String?
    /// Counts this app's writes of the order, from 1: what tells a stale answer from a fresh one.
    var revision: Int64

    enum CodingKeys: String, CodingKey {
        case id = "order_id"
        case store = "store_id"
        case household = "household_id"
        case items = "item_count"
        case total
        case createdAt = "created_at"
        case status
        case revision
    }

    /// Lines of `orders.csv` after its heading: order, store, household, items, total and discount in cents, time.
    static func read(_ path: String) throws -> [Order] {
        let times = ISO8601DateFormatter()
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: ",").map(String.init)
            guard cells.count == 7, let id = Int64(cells[0]), let household = Int64(cells[2]),
                let items = Int64(cells[3]), let cents = Int(cells[4]), let time = times.date(from: cells[6])
            else { throw Malformed(line: String(line)) }
            return Order(
                id: id, store: cells[1], household: household, items: items, total: Decimal(cents) / 100,
                createdAt: time, status: "open", revision: 1)
        }
    }

    struct Malformed: Error {
        let line: String
    }
}
