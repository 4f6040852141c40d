import WireFormat

/// Where a page of a Records query ended, so that either side can go on strictly after it: a version byte (1), eight
/// bytes of hash, big-endian, and the sort key of the last record.
package enum PageToken {
    private static let version: UInt8 = 1
    private static let headCount = 9

    /// The hash of what two pages of one walk have in common: FNV-1a-64, finished by fmix64, of the request's fields
    /// as they stand on the wire, without `limit` and `page_token`. Nil if the request is not well-formed.
    package static func hash(_ request: UnsafeRawBufferPointer) -> UInt64? {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        guard let start = request.baseAddress else { return finish(hash) }
        var cursor = FieldCursor(base: start, at: 0, end: request.count)
        do throws(ScanError) {
            while let field = try cursor.next() {
                guard field.number != 5, field.number != 6 else { continue }
                for byte in request[field.offset..<field.end] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            }
        } catch {
            return nil
        }
        return finish(hash)
    }

    package static func make(hash: UInt64, sortKey: some Sequence<UInt8>) -> [UInt8] {
        [version] + withUnsafeBytes(of: hash.bigEndian) { Array($0) } + sortKey
    }

    /// The sort key of a token that was made for the request with this hash; nil for any other token.
    package static func sortKey(of token: UnsafeRawBufferPointer, hash: UInt64) -> UnsafeRawBufferPointer? {
        guard token.count > headCount, token[0] == version,
            UInt64(bigEndian: token.loadUnaligned(fromByteOffset: 1, as: UInt64.self)) == hash
        else { return nil }
        return UnsafeRawBufferPointer(rebasing: token[headCount...])
    }

    private static func finish(_ hash: UInt64) -> UInt64 {
        var mixed = hash
        mixed = (mixed ^ mixed >> 33) &* 0xff51_afd7_ed55_8ccd
        mixed = (mixed ^ mixed >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return mixed ^ mixed >> 33
    }
}
