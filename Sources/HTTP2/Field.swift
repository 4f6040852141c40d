import CNghttp2

/// One header field as nghttp2 decoded it: two reference-counted buffers that are passed on without a copy.
package struct Field {
    let name: OpaquePointer
    let value: OpaquePointer
    package let nameBytes: UnsafeBufferPointer<UInt8>
    package let valueBytes: UnsafeBufferPointer<UInt8>
    package let token: FieldToken
    /// It is never to be indexed (RFC 7541, 6.2.3): the peer asked for that, which is passed on, or it could break
    /// later calls on the connection that it is sent on.
    let neverIndex: Bool
    /// Fields that it becomes when it is sent on: a list of binary values is taken apart. Small, as each call copies
    /// dozens of fields.
    private let itemCount: UInt32

    init(name: OpaquePointer, value: OpaquePointer, neverIndex: Bool) {
        self.name = name
        self.value = value
        nameBytes = Self.bytes(name)
        let whole = Self.bytes(value)
        let named = FieldToken.of(nameBytes)
        let trimmed = Self.trimmed(whole)
        let isPadded = trimmed.count != whole.count && named == .grpcMessage
        token = isPadded ? .paddedMessage : named
        valueBytes = isPadded ? whole : trimmed
        self.neverIndex = neverIndex || !Self.isIndexable(named, nameBytes, trimmed)
        itemCount = token == .binary ? UInt32(clamping: 1 + valueBytes.count { $0 == UInt8(ascii: ",") }) : 1
    }

    var items: Int { Int(itemCount) }

    /// Size as RFC 9113, 6.5.2 counts it, of all the fields that it becomes, bytes.
    var size: Int { items * (nameBytes.count + 32) + valueBytes.count }

    /// Without the blanks at both ends, which are no part of a value (RFC 9110, 5.5). Stock gRPC peers send them;
    /// strict ones fail the stream or the whole connection over them.
    static func trimmed(_ value: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        guard let first = value.first, isBlank(first) || isBlank(value[value.count - 1]) else { return value }
        guard let start = value.firstIndex(where: { !isBlank($0) }), let end = value.lastIndex(where: { !isBlank($0) })
        else { return UnsafeBufferPointer(rebasing: value[..<0]) }
        return UnsafeBufferPointer(rebasing: value[start...end])
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Whether the field may enter the compression table of the connection that it is sent on.
    ///
    /// gRPC core keeps a field's parsed value in the table's entry. Where a value could not be parsed, later fields
    /// that borrow the entry's name fail too, and with them calls of other clients on the same connection.
    private static func isIndexable(
        _ token: FieldToken, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        switch token {
        case .te: FieldToken.equals(value, "trailers")
        case .grpcEncoding:
            FieldToken.equals(value, "gzip") || FieldToken.equals(value, "identity")
                || FieldToken.equals(value, "deflate")
        case .grpcStatus: isStatus(value)
        case .grpcNumber: false
        case .scheme: FieldToken.equals(value, "http") || FieldToken.equals(value, "https")
        case .binary: !FieldToken.equals(name, "lb-cost-bin")
        default: true
        }
    }

    /// A number from 0 to 19, written plainly.
    private static func isStatus(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        switch value.count {
        case 1: value[0] &- UInt8(ascii: "0") <= 9
        case 2: value[0] == UInt8(ascii: "1") && value[1] &- UInt8(ascii: "0") <= 9
        default: false
        }
    }

    private static func bytes(_ buffer: OpaquePointer) -> UnsafeBufferPointer<UInt8> {
        let vector = nghttp2_rcbuf_get_buf(buffer)
        return UnsafeBufferPointer(start: vector.base, count: vector.len)
    }
}
