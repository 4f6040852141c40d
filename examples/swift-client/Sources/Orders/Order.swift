import Foundation

/// An order as the sidecar's configuration declares it: the names and types of `records: fields:`.
struct Order: Codable, Sendable {
    enum Status: String, Codable { case open, paid, sent }

    var orderID: Int64
    var storeID: String
    var status: Status
    var total: Decimal?
    var createdAt: Date
    var version: Int64?

    enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
        case storeID = "store_id"
        case status, total
        case createdAt = "created_at"
        case version
    }
}
