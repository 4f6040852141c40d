/// The header fields that the sidecar itself reads, told apart once, when a field arrives.
package enum FieldToken: UInt8, Sendable {
    /// Any field that is only passed on.
    case other
    case method
    case path
    case status
    case scheme
    case authority
    case otherPseudo
    case host
    case contentType
    case contentLength
    case te
    case grpcTimeout
    case grpcEncoding
    case grpcAcceptEncoding
    case grpcStatus
    case grpcMessage
    /// A `grpc-message` with blanks at its start or end; its value holds them.
    case paddedMessage
    /// Fields that gRPC core parses into numbers and keeps so in its compression table (`Field.isIndexable`).
    case grpcNumber
    /// A field of one connection, which HTTP/2 forbids (RFC 9113, 8.2.2).
    case connectionSpecific
    /// Any name that ends in `-bin`: its value is base64 (PROTOCOL-HTTP2, Custom-Metadata).
    case binary
    /// Any name that begins with `switchover-`: a sidecar's own, never taken from a client; in replies passed on from a
    /// sidecar behind this one.
    case switchover

    /// Its name begins with a colon.
    var isPseudo: Bool {
        switch self {
        case .method, .path, .status, .scheme, .authority, .otherPseudo: true
        default: false
        }
    }

    /// The token of a lower-case name.
    static func of(_ name: UnsafeBufferPointer<UInt8>) -> FieldToken {
        guard name.count > 1 else { return .other }
        switch name[0] {
        case UInt8(ascii: ":"): return pseudo(name)
        case UInt8(ascii: "g"): if hasPrefix(name, "grpc-") { return grpc(name) }
        case UInt8(ascii: "c"):
            if equals(name, "content-type") { return .contentType }
            if equals(name, "content-length") { return .contentLength }
            if equals(name, "connection") { return .connectionSpecific }
        case UInt8(ascii: "t"):
            if equals(name, "te") { return .te }
            if equals(name, "transfer-encoding") { return .connectionSpecific }
        case UInt8(ascii: "s"): if hasPrefix(name, "switchover-") { return .switchover }
        case UInt8(ascii: "h"): if equals(name, "host") { return .host }
        case UInt8(ascii: "k"): if equals(name, "keep-alive") { return .connectionSpecific }
        case UInt8(ascii: "p"): if equals(name, "proxy-connection") { return .connectionSpecific }
        case UInt8(ascii: "u"): if equals(name, "upgrade") { return .connectionSpecific }
        default: break
        }
        return hasSuffixBin(name) ? .binary : .other
    }

    private static func pseudo(_ name: UnsafeBufferPointer<UInt8>) -> FieldToken {
        if equals(name, ":path") { return .path }
        if equals(name, ":method") { return .method }
        if equals(name, ":scheme") { return .scheme }
        if equals(name, ":authority") { return .authority }
        return equals(name, ":status") ? .status : .otherPseudo
    }

    private static func grpc(_ name: UnsafeBufferPointer<UInt8>) -> FieldToken {
        if equals(name, "grpc-timeout") { return .grpcTimeout }
        if equals(name, "grpc-encoding") { return .grpcEncoding }
        if equals(name, "grpc-status") { return .grpcStatus }
        if equals(name, "grpc-message") { return .grpcMessage }
        if equals(name, "grpc-accept-encoding") { return .grpcAcceptEncoding }
        if equals(name, "grpc-previous-rpc-attempts") || equals(name, "grpc-retry-pushback-ms") { return .grpcNumber }
        if equals(name, "grpc-internal-encoding-request") { return .grpcNumber }
        return hasSuffixBin(name) ? .binary : .other
    }

    private static func hasSuffixBin(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let count = name.count
        return count > 4 && name[count - 1] == UInt8(ascii: "n") && name[count - 2] == UInt8(ascii: "i")
            && name[count - 3] == UInt8(ascii: "b") && name[count - 4] == UInt8(ascii: "-")
    }

    @inline(__always)
    static func equals(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        name.count == text.utf8CodeUnitCount && hasPrefix(name, text)
    }

    @inline(__always)
    private static func hasPrefix(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard name.count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where name[index] != text.utf8Start[index] { return false }
        return true
    }
}

/// A set of tokens. Not an `OptionSet`: its literals and pattern matches would run generic code for every field of
/// every call.
package struct FieldTokens: Sendable, Equatable {
    private var bits: UInt32

    package init() { bits = 0 }
    package init(_ token: FieldToken) { bits = 1 << UInt32(token.rawValue) }

    package func contains(_ token: FieldToken) -> Bool { bits & (1 << UInt32(token.rawValue)) != 0 }
    package func with(_ token: FieldToken) -> FieldTokens {
        var set = self
        set.insert(token)
        return set
    }
    mutating func insert(_ token: FieldToken) { bits |= 1 << UInt32(token.rawValue) }
}
