import CNghttp2
import WireFormat

/// What HTTP/2 demands of a request (RFC 9113, 8.1 to 8.3), told field by field; a request that breaks it is malformed,
/// and its stream is reset.
///
/// nghttp2 has these rules too. It is told to leave them to us, since it refuses an `:authority` that is empty or the
/// path of a Unix socket, as stock gRPC clients send it. The side of a session that hears answers keeps nghttp2's.
struct RequestRules {
    private var seen = FieldTokens()
    private var hasRegular = false
    private var isConnect = false
    /// From `content-length`; -1 where there is none.
    private var promised = -1
    private var received = 0
    /// Whether the request was found malformed: its stream is on its way out.
    private(set) var isBroken = false

    /// Whether this field may stand here. Names known by their token need no further look.
    mutating func accepts(_ field: Field, isTrailer: Bool) -> Bool {
        guard !isBroken else { return false }
        let isWell = field.token.isPseudo ? acceptsPseudo(field, isTrailer) : acceptsRegular(field)
        if !isWell { isBroken = true }
        return isWell
    }

    private mutating func acceptsPseudo(_ field: Field, _ isTrailer: Bool) -> Bool {
        guard !isTrailer, !hasRegular, !seen.contains(field.token) else { return false }
        seen.insert(field.token)
        let value = field.valueBytes
        switch field.token {
        case .method:
            isConnect = FieldToken.equals(value, "CONNECT")
            return !value.isEmpty && nghttp2_check_method(value.baseAddress, value.count) != 0
        case .path:
            guard let first = value.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "*") else {
                return false
            }
            return nghttp2_check_path(value.baseAddress, value.count) != 0
        case .scheme: return !value.isEmpty && Self.isValue(value)
        case .authority: return Self.isValue(value)
        default: return false
        }
    }

    private mutating func acceptsRegular(_ field: Field) -> Bool {
        hasRegular = true
        let value = field.valueBytes
        switch field.token {
        case .connectionSpecific: return false
        case .te: if !Self.isTrailers(value) { return false }
        case .host:
            guard !seen.contains(.host) else { return false }
            seen.insert(.host)
        case .contentLength:
            guard promised < 0, let length = Self.number(value) else { return false }
            promised = length
        case .other, .binary, .switchover:
            if nghttp2_check_header_name(field.nameBytes.baseAddress, field.nameBytes.count) == 0 { return false }
        default: break
        }
        return Self.isValue(value)
    }

    /// The request's head is complete.
    mutating func acceptsHead() -> Bool {
        let hasPlace = seen.contains(.path) && seen.contains(.scheme)
        let isWhole =
            isConnect
            ? seen.contains(.authority) && !seen.contains(.path) && !seen.contains(.scheme)
            : seen.contains(.method) && hasPlace && (seen.contains(.authority) || seen.contains(.host))
        if !isWhole { isBroken = true }
        return !isBroken
    }

    mutating func accepts(bytes count: Int) -> Bool {
        received += count
        if promised >= 0, received > promised { isBroken = true }
        return !isBroken
    }

    mutating func acceptsEnd() -> Bool {
        if promised >= 0, received != promised { isBroken = true }
        return !isBroken
    }

    /// Nearly all values are printable ASCII, which is seen eight bytes at once.
    private static func isValue(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        MetadataCheck.isASCIIValue(UnsafeRawBufferPointer(value))
            || nghttp2_check_header_value(value.baseAddress, value.count) != 0
    }

    private static func isTrailers(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        let word: StaticString = "trailers"
        guard value.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<value.count where value[index] | 0x20 != word.utf8Start[index] { return false }
        return true
    }

    private static func number(_ value: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !value.isEmpty, value.count <= 18 else { return nil }
        var number = 0
        for byte in value {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
