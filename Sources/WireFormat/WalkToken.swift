/// The page token of a walk over services whose own tokens only they understand: where each side stands.
///
/// A side stands in a page, named by the token that fetches it; asked again it repeats rows that were emitted, and the
/// position says which. As text `sw1.` and base64url of: eight bytes of hash over the request without limit and token
/// and over all that follows; a byte with the sides' standings in bits 0-1 (old) and 2-3 (new) and in bit 4 whether
/// there is a position; for each side that stands in a page its token, after its length as a varint; the position.
package struct WalkToken: Sendable, Equatable {
    package enum Standing: Sendable, Equatable {
        /// The walk does not ask this side.
        case notAsked
        /// The page that this token of the side's own fetches; empty for the first page.
        case page([UInt8])
        /// The side has nothing more.
        case end
    }

    package enum Parsed: Sendable, Equatable {
        case token(WalkToken)
        /// No token of ours: a side gave it to the client when it alone was asked.
        case foreign
        /// Altered, or of another request.
        case altered
    }

    package let old: Standing
    package let new: Standing
    /// The place in the order up to which everything was decided; nil before the first row.
    package let position: [UInt8]?

    package init(old: Standing, new: Standing, position: [UInt8]?) {
        self.old = old
        self.new = new
        self.position = position
    }

    private static let prefix = Array("sw1.".utf8)
    private static let hashBytes = 8

    package func encode(of request: RequestDigest) -> [UInt8] {
        var body = [Self.bits(old) | Self.bits(new) << 2 | (position == nil ? 0 : 1 << 4)]
        for case .page(let token) in [old, new] {
            FieldWriter.append(varint: UInt64(token.count), to: &body)
            body.append(contentsOf: token)
        }
        body.append(contentsOf: position ?? [])
        var hash = request.hash
        hash.add(body)
        let check = withUnsafeBytes(of: hash.value.bigEndian) { Array($0) }
        return Self.prefix + Base64URL.encode(check + body)
    }

    package static func parse(_ text: some Collection<UInt8>, of request: RequestDigest) -> Parsed {
        guard text.starts(with: prefix) else { return .foreign }
        guard let bytes = Base64URL.decode(text.dropFirst(prefix.count)), bytes.count > hashBytes else {
            return .altered
        }
        var hash = request.hash
        hash.add(bytes[hashBytes...])
        let claimed = bytes[..<hashBytes].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        guard claimed == hash.value else { return .altered }
        return bytes.withUnsafeBytes { parse(body: UnsafeRawBufferPointer(rebasing: $0[hashBytes...])) } ?? .altered
    }

    private static func parse(body: UnsafeRawBufferPointer) -> Parsed? {
        guard let base = body.baseAddress, let flags = body.first, flags < 1 << 5 else { return nil }
        var cursor = FieldCursor(base: base, at: 1, end: body.count)
        guard let old = standing(flags & 3, &cursor), let new = standing(flags >> 2 & 3, &cursor) else { return nil }
        let position = Array(body[cursor.at...])
        let hasPosition = flags >> 4 == 1
        guard hasPosition || position.isEmpty else { return nil }
        return .token(WalkToken(old: old, new: new, position: hasPosition ? position : nil))
    }

    private static func bits(_ standing: Standing) -> UInt8 {
        switch standing {
        case .notAsked: 0
        case .page: 1
        case .end: 2
        }
    }

    private static func standing(_ bits: UInt8, _ cursor: inout FieldCursor) -> Standing? {
        switch bits {
        case 0: return .notAsked
        case 2: return .end
        case 1:
            guard let length = try? cursor.lengthPrefix(cursor.at) else { return nil }
            let start = cursor.at
            cursor.at += length
            return .page((start..<cursor.at).map { cursor.byte($0) })
        default: return nil
        }
    }
}
