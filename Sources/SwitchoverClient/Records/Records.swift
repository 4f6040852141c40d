import FoundationEssentials
import SwiftProtobuf
import SwitchoverProtocol

/// The records of one entity (`switchover.v1.Records`) as Swift structs.
///
/// The struct's fields have the names of the configuration's (or coding keys say which), and these types:
///
/// | Swift | is written as | is read from |
/// |---|---|---|
/// | `Bool` | bool | bool |
/// | `Int`, `Int8` to `Int64` | int64 | int64, uint64 where it fits |
/// | `UInt`, `UInt8` to `UInt64` | uint64 | uint64, int64 where it fits |
/// | `Double`, `Float` | double | double |
/// | `Decimal` | decimal | decimal, int64, uint64 |
/// | `String` | text | text, json, decimal |
/// | `Data`, `[UInt8]` | bytes | bytes |
/// | `Date` | timestamp | timestamp, to the microsecond |
/// | `UUID` | uuid | uuid |
/// | `JSONText` | json | json |
/// | `RecordValue` | what it is | any |
/// | an enum with a raw value, or a struct of a single one | as that value | as that value |
/// | `Optional` | NULL when nil | NULL as nil |
///
/// A value is only taken where the configuration declares its very type; a field of type uint64 needs an unsigned
/// integer here, and where the types differ anyway `RecordValue` says which is meant. Fields that the struct does not
/// have are ignored when it is read; one that the record lacks is a `DecodingError` that names it.
///
/// Every write carries the metadata `idempotency-key`, the same when the library itself repeats it: a new UUID, or the
/// options'. The sidecar does nothing with it yet.
public struct Records<Record: Codable & Sendable>: Sendable {
    let client: SwitchoverClient
    let shape: RecordShape

    /// The record, or nil where there is none (`NOT_FOUND`).
    ///
    /// - Parameter grayKey: the record's, when it is known: it saves a look-up. `FAILED_PRECONDITION` if the record has
    ///   another one.
    public func get(
        _ key: RecordKey, grayKey: (any RecordValueConvertible)? = nil, options: CallOptions = CallOptions()
    ) async throws -> Record? {
        var request = Switchover_V1_GetRequest()
        request.entity = shape.entity
        request.key = try shape.wire(key)
        if let grayKey { request.grayKey = try grayKey.recordValue.wire() }
        let reply: Switchover_V1_GetResponse
        do throws(SwitchoverError) {
            reply = try await ask("Get", request, options).message
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
        return try decode(reply.record)
    }

    /// The records of up to 1,000 keys, in their order; those that do not exist are left out.
    public func getMany(
        _ keys: [RecordKey], grayKey: (any RecordValueConvertible)? = nil, options: CallOptions = CallOptions()
    ) async throws -> [Record] {
        var request = Switchover_V1_GetManyRequest()
        request.entity = shape.entity
        for key in keys { request.keys.append(try shape.wire(key)) }
        if let grayKey { request.grayKey = try grayKey.recordValue.wire() }
        let reply: Switchover_V1_GetManyResponse = try await ask("GetMany", request, options).message
        return try reply.records.map(decode)
    }

    /// All records that the filter lets through, in order; pages are fetched as they are needed.
    ///
    /// - Parameters:
    ///   - filter: nil: all records.
    ///   - order: at most 8 fields; what they leave open is ordered by the record key.
    ///   - grayKey: only records with this gray key, and only the side that has them is asked.
    ///   - pageSize: records fetched at a time, 1 to 1,000.
    ///   - options: hold for each page on its own.
    public func query(
        where filter: RecordFilter? = nil, orderBy order: [RecordOrder] = [],
        grayKey: (any RecordValueConvertible)? = nil, pageSize: Int = 100, options: CallOptions = CallOptions()
    ) -> RecordSequence<Record> {
        RecordSequence { token in
            try await page(
                where: filter, orderBy: order, grayKey: grayKey, limit: pageSize, after: token, options: options)
        }
    }

    /// One page of a query.
    ///
    /// - Parameters:
    ///   - limit: records at most, 1 to 1,000. A page may be shorter although there are more.
    ///   - token: `nextToken` of the page before; nil: the first page.
    /// - Throws: `INVALID_ARGUMENT` `bad-page-token` for a token of another query.
    public func page(
        where filter: RecordFilter? = nil, orderBy order: [RecordOrder] = [],
        grayKey: (any RecordValueConvertible)? = nil, limit: Int = 100, after token: PageToken? = nil,
        options: CallOptions = CallOptions()
    ) async throws -> RecordPage<Record> {
        guard (1...1_000).contains(limit) else {
            throw SwitchoverError.invalid("a page has 1 to 1,000 records, not \(limit)")
        }
        var request = Switchover_V1_QueryRequest()
        request.entity = shape.entity
        if let filter { request.filter = try filter.wire() }
        if let grayKey { request.grayKey = try grayKey.recordValue.wire() }
        request.order = order.map(\.wire)
        request.limit = UInt32(limit)
        if let token { request.pageToken = Data(token.bytes) }
        let (reply, missing): (Switchover_V1_QueryResponse, _) = try await ask("Query", request, options)
        return RecordPage(
            records: try reply.records.map(decode), nextToken: PageToken([UInt8](reply.nextPageToken)),
            missing: missing)
    }

    private func ask<Request: Message, Reply: Message>(
        _ method: String, _ request: Request, _ options: CallOptions
    ) async throws(SwitchoverError) -> (message: Reply, missing: SwitchoverError.Side?) {
        var options = options
        options.isIdempotent = true
        return try await client.ask("/switchover.v1.Records/\(method)", request, options)
    }
}
