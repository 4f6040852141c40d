import WireFormat

/// What a request about one record must be beyond its form, whichever side is asked: it depends on the entity alone.
struct RequestRules {
    let entity: RecordEntity

    func check(_ request: RecordRequest, _ shape: MessageShape) throws(StoreFault) {
        try checkGrayKey(request.grayKey, of: request.key)
        try checkLengths(request)
        switch shape.kind {
        case .makes: try checkNamesGrayKey(request)
        case .changes: try checkChanges(request)
        case .neither: break
        }
    }

    /// Where the gray key is a part of the record key, the two may not differ: the call would be decided by one and
    /// done
    /// with the other.
    func checkGrayKey(_ grayKey: RecordValue?, of key: [RecordValue]) throws(StoreFault) {
        guard let grayKey, let part = entity.key.firstIndex(of: entity.grayKey), !grayKey.isEqual(key[part]) else {
            return
        }
        throw .invalid("it is not the same as part \(part) of the key, which is the gray key too").within("gray_key")
    }

    private func checkNamesGrayKey(_ request: RecordRequest) throws(StoreFault) {
        guard request.grayKey == nil else { return }
        throw StoreFault.invalid(
            "it is missing; write the record's \(entity.fields[entity.grayKey].name)", .missingKey
        ).within("gray_key")
    }

    private func checkChanges(_ request: RecordRequest) throws(StoreFault) {
        guard !request.fields.isEmpty || request.newGrayKey != nil else {
            throw .invalid("it is empty; name at least one field, or write new_gray_key").within("changes")
        }
        guard request.newGrayKey == nil || !entity.key.contains(entity.grayKey) else {
            throw .invalid("the gray key is a part of the record key, which cannot be changed").within("new_gray_key")
        }
    }

    /// Lanes and sets hold keys of this length at most; a longer one would be refused from some stage on.
    private func checkLengths(_ request: RecordRequest) throws(StoreFault) {
        try checkLength(of: request.key, "key")
        try checkLength(of: [request.grayKey].compactMap { $0 }, "gray_key")
        try checkLength(of: [request.newGrayKey].compactMap { $0 }, "new_gray_key")
    }

    func checkLength(of key: [RecordValue], _ part: @autoclosure () -> String) throws(StoreFault) {
        // Of several parts each has its length before it (decision 0001).
        let bytes = key.reduce(0) { $0 + $1.keyBytes + (key.count > 1 ? 4 : 0) }
        guard bytes > KeyPlan.maxKeyBytes else { return }
        throw StoreFault.invalid("it is longer than \(KeyPlan.maxKeyBytes) bytes, the longest that a key may be")
            .within(part())
    }
}

extension RecordValue {
    /// How many bytes its canonical form as a key has.
    fileprivate var keyBytes: Int {
        switch self {
        case .text(let text): text.count
        case .bytes(let bytes): bytes.count
        case .uuid: 16
        case .bool(let value): value ? 4 : 5
        case .int64(let value), .timestamp(let value): "\(value)".utf8.count
        case .uint64(let value): "\(value)".utf8.count
        // No keys are made of these.
        case .null, .double, .decimal, .json: 0
        }
    }
}
