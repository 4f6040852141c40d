/// The header fields that the sidecar itself reads, told apart once, when a field arrives.
package struct FieldTokens: OptionSet, Sendable {
    package let rawValue: UInt32
    @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable package static var method: FieldTokens { FieldTokens(rawValue: 1 << 0) }
    @inlinable package static var path: FieldTokens { FieldTokens(rawValue: 1 << 1) }
    @inlinable package static var status: FieldTokens { FieldTokens(rawValue: 1 << 2) }
    @inlinable package static var otherPseudo: FieldTokens { FieldTokens(rawValue: 1 << 3) }
    @inlinable package static var contentType: FieldTokens { FieldTokens(rawValue: 1 << 4) }
    @inlinable package static var te: FieldTokens { FieldTokens(rawValue: 1 << 5) }
    @inlinable package static var grpcTimeout: FieldTokens { FieldTokens(rawValue: 1 << 6) }
    @inlinable package static var grpcEncoding: FieldTokens { FieldTokens(rawValue: 1 << 7) }
    @inlinable package static var grpcAcceptEncoding: FieldTokens { FieldTokens(rawValue: 1 << 8) }
    @inlinable package static var grpcStatus: FieldTokens { FieldTokens(rawValue: 1 << 9) }
    @inlinable package static var grpcMessage: FieldTokens { FieldTokens(rawValue: 1 << 10) }
    /// Any name that ends in `-bin`: its value is base64 (PROTOCOL-HTTP2, Custom-Metadata).
    @inlinable package static var binary: FieldTokens { FieldTokens(rawValue: 1 << 11) }
    /// Any name that begins with `switchover-`: the sidecar's own, never taken from a peer.
    @inlinable package static var switchover: FieldTokens { FieldTokens(rawValue: 1 << 12) }
    @inlinable package static var contentLength: FieldTokens { FieldTokens(rawValue: 1 << 13) }

    /// The token of a lower-case name; empty for a field that the sidecar does not read.
    package static func of(_ name: UnsafeBufferPointer<UInt8>) -> FieldTokens {
        guard let first = name.first else { return [] }
        switch first {
        case UInt8(ascii: ":"): return pseudo(name)
        case UInt8(ascii: "g"): if let token = grpc(name) { return token }
        case UInt8(ascii: "c"):
            if equals(name, "content-type") { return .contentType }
            if equals(name, "content-length") { return .contentLength }
        case UInt8(ascii: "t"): if equals(name, "te") { return .te }
        case UInt8(ascii: "s"): if hasPrefix(name, "switchover-") { return .switchover }
        default: break
        }
        return hasSuffixBin(name) ? .binary : []
    }

    private static func pseudo(_ name: UnsafeBufferPointer<UInt8>) -> FieldTokens {
        if equals(name, ":path") { return .path }
        if equals(name, ":method") { return .method }
        if equals(name, ":status") { return .status }
        return .otherPseudo
    }

    private static func grpc(_ name: UnsafeBufferPointer<UInt8>) -> FieldTokens? {
        guard hasPrefix(name, "grpc-") else { return nil }
        if equals(name, "grpc-timeout") { return .grpcTimeout }
        if equals(name, "grpc-encoding") { return .grpcEncoding }
        if equals(name, "grpc-accept-encoding") { return .grpcAcceptEncoding }
        if equals(name, "grpc-status") { return .grpcStatus }
        if equals(name, "grpc-message") { return .grpcMessage }
        return nil
    }

    private static func hasSuffixBin(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let count = name.count
        return count > 4 && name[count - 4] == UInt8(ascii: "-") && name[count - 3] == UInt8(ascii: "b")
            && name[count - 2] == UInt8(ascii: "i") && name[count - 1] == UInt8(ascii: "n")
    }

    @inline(__always)
    private static func equals(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        name.count == text.utf8CodeUnitCount && hasPrefix(name, text)
    }

    @inline(__always)
    private static func hasPrefix(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard name.count >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where name[index] != text.utf8Start[index] { return false }
        return true
    }
}
