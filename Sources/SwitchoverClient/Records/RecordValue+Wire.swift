import FoundationEssentials
package import SwitchoverProtocol

extension RecordValue {
    /// What a field of a reply holds; nil for a kind that this version does not know, or one that breaks its own rules.
    package init?(_ wire: Switchover_V1_Value) {
        switch wire.kind {
        case nil: self = .null
        case .bool(let value): self = .bool(value)
        case .int64(let value): self = .int64(value)
        case .uint64(let value): self = .uint64(value)
        case .double(let value): self = .double(value)
        case .decimal(let text):
            guard let number = Decimal(string: text) else { return nil }
            self = .decimal(number)
        case .text(let value): self = .text(value)
        case .bytes(let value): self = .bytes([UInt8](value))
        case .timestamp(let value): self = .timestamp(Date(timeIntervalSince1970: Double(value) / 1e6))
        case .uuid(let bytes):
            guard bytes.count == 16 else { return nil }
            let uuid = bytes.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
            self = .uuid(UUID(uuid: uuid))
        case .json(let value): self = .json(value)
        }
    }

    /// - Throws: `INVALID_ARGUMENT` for an instant that is no number of microseconds in 64 bits, and for a decimal that
    ///   is not a number.
    package func wire() throws(SwitchoverError) -> Switchover_V1_Value {
        var wire = Switchover_V1_Value()
        wire.kind = try kind()
        return wire
    }

    private func kind() throws(SwitchoverError) -> Switchover_V1_Value.OneOf_Kind? {
        switch self {
        case .null: return nil
        case .bool(let value): return .bool(value)
        case .int64(let value): return .int64(value)
        case .uint64(let value): return .uint64(value)
        case .double(let value): return .double(value)
        case .decimal(let value):
            guard !value.isNaN else { throw .invalid("NaN is no decimal; write NULL or a number") }
            return .decimal("\(value)")
        case .text(let value): return .text(value)
        case .bytes(let value): return .bytes(Data(value))
        case .timestamp(let value):
            guard let microseconds = InstantText.microseconds(of: value) else {
                throw .invalid("\(value.timeIntervalSince1970) seconds since 1970 is no instant that can be stored")
            }
            return .timestamp(microseconds)
        case .uuid(let value): return .uuid(withUnsafeBytes(of: value.uuid) { Data($0) })
        case .json(let value): return .json(value)
        }
    }
}

extension SwitchoverError {
    /// What the caller wrote cannot be sent.
    static func invalid(_ message: String) -> SwitchoverError {
        SwitchoverError(.invalidArgument, message, mayRetry: .no)
    }
}
