import FoundationEssentials

/// One page of a query.
public struct RecordPage<Record: Sendable>: Sendable {
    public let records: [Record]
    /// Where the next page begins; nil when there are no more records.
    public let nextToken: PageToken?
    /// The side whose records are missing because it could not be asked, where the configuration lets a query be
    /// partial.
    public let missing: SwitchoverError.Side?
}

/// Where a page of a query begins. It stays good when the switches change, and is bound to the query that it is of.
public struct PageToken: Sendable, Hashable {
    let bytes: [UInt8]

    init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }
}

extension PageToken: LosslessStringConvertible, Codable {
    /// Base64.
    public init?(_ description: String) {
        guard let data = Data(base64Encoded: description) else { return nil }
        self.init([UInt8](data))
    }

    public var description: String { Data(bytes).base64EncodedString() }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let token = PageToken(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a page token is base64")
        }
        self = token
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
