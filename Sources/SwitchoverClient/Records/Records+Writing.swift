import FoundationEssentials
import SwiftProtobuf
import SwitchoverProtocol

extension Records {
    /// A record that must not exist yet (`ALREADY_EXISTS`). Its version is not written: it begins at 1.
    ///
    /// - Returns: the record as it is now.
    @discardableResult
    public func insert(_ record: Record, options: CallOptions = CallOptions()) async throws -> Record {
        var request = Switchover_V1_InsertRequest()
        request.entity = shape.entity
        (request.key, request.grayKey, request.fields) = try shape.parts(of: RecordEncoder.fields(of: record))
        let reply: Switchover_V1_InsertResponse = try await write("Insert", request, options)
        return try decode(reply.record)
    }

    /// Changes of a record that must exist (`NOT_FOUND`); fields that are not named keep their values. A change of the
    /// gray key's field gives the record another gray key.
    ///
    /// - Parameters:
    ///   - grayKey: the record's present one, when it is known: it saves a look-up.
    ///   - expectedVersion: `ABORTED` unless the record has this version: read again.
    /// - Returns: the whole record as it is now.
    @discardableResult
    public func update(
        _ key: RecordKey, grayKey: (any RecordValueConvertible)? = nil, set changes: RecordChanges,
        expectedVersion: Int64? = nil, options: CallOptions = CallOptions()
    ) async throws -> Record {
        var request = Switchover_V1_UpdateRequest()
        request.entity = shape.entity
        request.key = try shape.wire(key)
        if let grayKey { request.grayKey = try grayKey.recordValue.wire() }
        let (fields, newGrayKey) = try shape.changes(changes)
        request.changes = fields
        if let newGrayKey { request.newGrayKey = newGrayKey }
        if let expectedVersion { request.expectedVersion = expectedVersion }
        let reply: Switchover_V1_UpdateResponse = try await write("Update", request, options)
        return try decode(reply.record)
    }

    /// Inserts a record, or gives the one that exists all of these fields; its gray key must be the same.
    ///
    /// - Returns: the record as it is now.
    @discardableResult
    public func upsert(_ record: Record, options: CallOptions = CallOptions()) async throws -> Record {
        var request = Switchover_V1_UpsertRequest()
        request.entity = shape.entity
        (request.key, request.grayKey, request.fields) = try shape.parts(of: RecordEncoder.fields(of: record))
        let reply: Switchover_V1_UpsertResponse = try await write("Upsert", request, options)
        return try decode(reply.record)
    }

    /// Removes a record that must exist (`NOT_FOUND`).
    ///
    /// - Returns: the record as it was.
    @discardableResult
    public func delete(
        _ key: RecordKey, grayKey: (any RecordValueConvertible)? = nil, expectedVersion: Int64? = nil,
        options: CallOptions = CallOptions()
    ) async throws -> Record {
        var request = Switchover_V1_DeleteRequest()
        request.entity = shape.entity
        request.key = try shape.wire(key)
        if let grayKey { request.grayKey = try grayKey.recordValue.wire() }
        if let expectedVersion { request.expectedVersion = expectedVersion }
        let reply: Switchover_V1_DeleteResponse = try await write("Delete", request, options)
        return try decode(reply.record)
    }

    private func write<Request: Message, Reply: Message>(
        _ method: String, _ request: Request, _ options: CallOptions
    ) async throws(SwitchoverError) -> Reply {
        var options = options
        options.idempotencyKey = options.idempotencyKey ?? UUID().uuidString.lowercased()
        return try await client.ask("/switchover.v1.Records/\(method)", request, options).message
    }

    func decode(_ record: Switchover_V1_Record) throws -> Record {
        try RecordDecoder.decode(Record.self, from: shape.fields(of: record))
    }
}

extension RecordOrder {
    var wire: Switchover_V1_Order {
        var wire = Switchover_V1_Order()
        wire.field = field
        wire.descending = isDescending
        return wire
    }
}

extension SwitchoverClient {
    /// Typed access to the records of an entity.
    ///
    ///     struct Order: Codable, Sendable {
    ///         var order_id: Int64
    ///         var store_id: String
    ///         var total: Decimal?
    ///         var version: Int64?
    ///     }
    ///     let orders = client.records(
    ///         of: "orders", as: Order.self, key: ["order_id"], grayKey: "store_id", version: "version")
    ///
    /// - Parameters:
    ///   - entity: its name in the sidecar's configuration.
    ///   - key: the key's fields, in the configuration's order.
    ///   - grayKey: the gray key's field.
    ///   - version: the version's field, if the entity has one and the struct wants it.
    public func records<Record: Codable & Sendable>(
        of entity: String, as type: Record.Type, key: [String], grayKey: String, version: String? = nil
    ) -> Records<Record> {
        Records(
            client: self, shape: RecordShape(entity: entity, key: key, grayKey: grayKey, version: version))
    }
}
