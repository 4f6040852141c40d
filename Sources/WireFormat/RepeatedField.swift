/// The occurrences of one field at the top of a message.
package enum RepeatedField {
    /// Where the contents of a repeated message or text are, in order.
    package static func ranges(
        of number: UInt32, in message: UnsafeRawBufferPointer
    ) throws(RowFault) -> [Range<Int>] {
        var found: [Range<Int>] = []
        guard let base = message.baseAddress else { return found }
        let tag = number << 3 | WireType.length
        var cursor = FieldCursor(base: base, at: 0, end: message.count)
        while let field = try cursor.nextField() {
            if field.tag == tag { found.append(field.start..<field.end) }
        }
        return found
    }

    /// How many there are, as far as the message can be read; counting ends at `limit`.
    package static func count(of number: UInt32, in message: UnsafeRawBufferPointer, upTo limit: Int) -> Int {
        guard let base = message.baseAddress else { return 0 }
        let tag = number << 3 | WireType.length
        var cursor = FieldCursor(base: base, at: 0, end: message.count)
        var count = 0
        while count < limit, let field = try? cursor.nextField() { if field.tag == tag { count += 1 } }
        return count
    }
}
