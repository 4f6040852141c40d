/// What a store is asked to do.
package enum StoreOperation: Sendable, Equatable {
    // The message is the Records service's request, the reply's its response.
    case get
    case getMany
    case query
    case insert
    case update
    /// Refused with the fault where there is no such record: the request says too little to make one.
    case upsert(ifAbsent: StoreFault?)
    case delete
    /// An update or a delete that is rolled back: everything is judged and answered as if it were made, and nothing is
    /// changed.
    case tryUpdate
    case tryDelete
    /// The sidecar's own write, for followers and repair: the message is a Record with all fields, as an authority
    /// answered it; its version is taken over. The reply is `{ Record record = 1; }`, the record as it is now.
    case put(PutMode, StoreCondition)
    /// The sidecar's own delete: the message is a Record, of which the record key counts. The reply is
    /// `{ Record record = 1; }`, the record as it was.
    case remove(StoreCondition)

    /// The operation of a method of `switchover.v1.Records`.
    package init?(method: some StringProtocol) {
        switch method {
        case "Get": self = .get
        case "GetMany": self = .getMany
        case "Query": self = .query
        case "Insert": self = .insert
        case "Update": self = .update
        case "Upsert": self = .upsert(ifAbsent: nil)
        case "Delete": self = .delete
        default: return nil
        }
    }

    package var isWrite: Bool {
        switch self {
        case .get, .getMany, .query: false
        case .insert, .update, .upsert, .delete, .tryUpdate, .tryDelete, .put, .remove: true
        }
    }

    /// Whether records are changed by it; else nobody misses it whose client has gone.
    var changesRecords: Bool {
        switch self {
        case .get, .getMany, .query, .tryUpdate, .tryDelete: false
        case .insert, .update, .upsert, .delete, .put, .remove: true
        }
    }

    /// The same operation, rolled back; nil where it cannot be tried.
    package var trial: StoreOperation? {
        switch self {
        case .update: .tryUpdate
        case .delete: .tryDelete
        default: nil
        }
    }
}

/// What a put does with a record that is there, and with one that is not.
package enum PutMode: Sendable, Equatable, CaseIterable {
    /// NOT_FOUND if there is none.
    case overwriteExisting
    /// ALREADY_EXISTS if there is one.
    case insertIfAbsent
    case upsert
}

/// What must be true of the present record, checked in the write's own transaction; ABORTED if it is not.
package enum StoreCondition: Sendable, Equatable {
    case none
    case absent
    /// The record is, byte for byte, what this store answered to a `get`: the content of the response's Record.
    case equal([UInt8])
}
