/// What stands in a response beside its rows.
package struct PageFrame: Sendable, Equatable {
    /// Everything but rows and page token, in order, as few ranges as there are.
    package var rest: [Range<Int>] = []
    /// The next page's token; nil where it is absent.
    package var token: Range<Int>?
}

extension RowPlan {
    /// Reads one response: adds a descriptor for each row to the table and says where everything else stands.
    ///
    /// Like protobuf's parsers: a row of another wire type is an unknown field and stays in the rest, and the last
    /// page token wins. What lies inside a row is looked at only as far as its position needs.
    package func scan(
        _ message: UnsafeRawBufferPointer, page: Int, into table: inout RowTable
    ) throws(RowFault) -> PageFrame {
        var frame = PageFrame()
        guard let base = message.baseAddress else { return frame }
        let rowTag = field << 3 | WireType.length
        let tokenTag = paging.responseTokenField.map { $0 << 3 | WireType.length }
        var cursor = FieldCursor(base: base, at: 0, end: message.count)
        while let field = try cursor.nextField() {
            if field.tag == rowTag {
                try table.append(page: page, field: field, base: base, plan: self)
            } else if field.tag == tokenTag {
                frame.token = field.start..<field.end
            } else {
                frame.rest.appendJoining(field.offset..<field.end)
            }
        }
        return frame
    }
}

extension FieldCursor {
    /// `next`, with the error of a response's reader.
    mutating func nextField() throws(RowFault) -> WireField? {
        do throws(ScanError) {
            return try next()
        } catch {
            throw RowFault(offset: error.offset, reason: error.reason)
        }
    }
}

extension [Range<Int>] {
    /// Adds a range, making one of two that touch.
    mutating func appendJoining(_ range: Range<Int>) {
        if let last, last.upperBound == range.lowerBound {
            self[count - 1] = last.lowerBound..<range.upperBound
        } else {
            append(range)
        }
    }
}
