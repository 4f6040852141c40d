/// The page token of a service whose both sides go on after a position: version 1, eight bytes of hash, the position
/// of the last row.
///
/// The hash, big-endian, is over the request without limit and token, then over the position: a token of another
/// request, and one that was altered, are refused. It is no secret; who makes a valid token gets what he could have
/// asked for.
package enum PageToken {
    static let version: UInt8 = 1
    static let headBytes = 9

    package static func encode(_ position: some Collection<UInt8>, of request: RequestDigest) -> [UInt8] {
        var token: [UInt8] = [version]
        token.reserveCapacity(headBytes + position.count)
        withUnsafeBytes(of: check(position, request).bigEndian) { token.append(contentsOf: $0) }
        token.append(contentsOf: position)
        return token
    }

    /// The position to go on after; nil when the token is not of this request, or altered.
    package static func position(in token: some Collection<UInt8>, of request: RequestDigest) -> [UInt8]? {
        guard token.count >= headBytes, token.first == version else { return nil }
        let claimed = token.dropFirst().prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let position = Array(token.dropFirst(headBytes))
        return claimed == check(position, request) ? position : nil
    }

    private static func check(_ position: some Sequence<UInt8>, _ request: RequestDigest) -> UInt64 {
        var hash = request.hash
        hash.add(position)
        return hash.value
    }
}
