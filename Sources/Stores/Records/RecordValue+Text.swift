extension RecordValue {
    /// For a message to a person: short, and on one line.
    var shown: String {
        switch self {
        case .null: "NULL"
        case .bool(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .uint64(let value): "\(value)"
        case .double(let value): "\(value)"
        case .decimal(let value): String(decoding: value.text, as: UTF8.self)
        case .text(let text), .json(let text): RecordEntity.shown(text)
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .timestamp(let value):
            TimestampFormat.range.contains(value)
                ? String(decoding: Self.format.text(value), as: UTF8.self) : "\(value)"
        case .uuid(let value): String(decoding: UUIDFormat.canonical.text(value), as: UTF8.self)
        }
    }

    private static let format: TimestampFormat = {
        guard let format = TimestampFormat(example: "2017-01-01T11:53:26.000000Z") else {
            preconditionFailure("this is an example of a format")
        }
        return format
    }()
}
