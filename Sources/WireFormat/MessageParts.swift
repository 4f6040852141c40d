/// A message's top level, parted: the last values of up to two fields, and where everything else stands.
package struct MessageParts: Sendable, Equatable {
    /// The value of a number field that was asked for, as its varint; nil when it is not on the wire.
    package private(set) var number: UInt64?
    /// Where the value of the text field that was asked for stands; nil when it is not on the wire.
    package private(set) var text: Range<Int>?
    /// All other fields, in order, tags included.
    package private(set) var rest: [Range<Int>] = []

    /// - Parameters:
    ///   - number: a field with a varint, which is left out of the rest in whatever form it is on the wire.
    ///   - text: a field with text, bytes or a message, likewise.
    package init(
        of message: UnsafeRawBufferPointer, number: UInt32? = nil, text: UInt32? = nil
    ) throws(RowFault) {
        guard let base = message.baseAddress else { return }
        var cursor = FieldCursor(base: base, at: 0, end: message.count)
        do throws(ScanError) {
            while let field = try cursor.next() {
                if field.number == number {
                    try take(number: field, base: base)
                } else if field.number == text {
                    if field.wireType == WireType.length { self.text = field.start..<field.end }
                } else {
                    rest.appendJoining(field.offset..<field.end)
                }
            }
        } catch {
            throw RowFault(offset: error.offset, reason: error.reason)
        }
    }

    private mutating func take(number field: WireField, base: UnsafeRawPointer) throws(ScanError) {
        guard field.wireType == WireType.varint else { return }
        var value = FieldCursor(base: base, at: field.start, end: field.end)
        number = try value.varint(field.offset)
    }

    /// A hash of everything but the fields that were asked for: two pages of one walk have the same.
    package func digest(of message: UnsafeRawBufferPointer) -> RequestDigest {
        var hash = ByteHash()
        for range in rest { hash.add(UnsafeRawBufferPointer(rebasing: message[range])) }
        return RequestDigest(hash: hash)
    }
}

/// The hash of a request without its limit and page token; a page token carries it on.
package struct RequestDigest: Sendable, Equatable {
    let hash: ByteHash

    /// The digest of a request message. Both sides of a walk must leave out the same two fields.
    package init(
        of message: UnsafeRawBufferPointer, withoutLimit limit: UInt32?, withoutToken token: UInt32?
    ) throws(RowFault) {
        self = try MessageParts(of: message, number: limit, text: token).digest(of: message)
    }

    init(hash: ByteHash) { self.hash = hash }
}

/// FNV-1a with 64 bits, and the finaliser of MurmurHash3: finds accidents and idle tampering, keeps no secret.
struct ByteHash: Sendable, Equatable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) { for byte in bytes { state = Cohort.step(state, byte) } }

    var value: UInt64 { Cohort.fmix64(state) }
}
