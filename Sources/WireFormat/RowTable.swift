/// Why the rows of a response cannot be read; offsets count from the start of the response.
package struct RowFault: Error, Equatable, CustomStringConvertible {
    package let offset: Int
    package let reason: ScanFault

    package init(offset: Int, reason: ScanFault) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "it is not well-formed at byte \(offset): \(reason)" }
}

/// Rows of one or more responses, described without decoding them: where each is, and its position in the order.
package struct RowTable: Sendable {
    /// One row of the table.
    package struct Row: Sendable, Equatable {
        /// Which response it is in, as the caller counts them.
        package let page: Int
        /// Where the row's field begins, tag and length included.
        package let fieldStart: Int
        /// Where the row's own bytes begin and end; its field ends there too.
        package let start: Int
        package let end: Int
        /// Where its position is in the table.
        let positionStart: Int
        let positionEnd: Int

        /// The row's own bytes.
        package var range: Range<Int> { start..<end }
    }

    package private(set) var rows: [Row] = []
    private var positions: [UInt8] = []

    package init() {}

    package var count: Int { rows.count }

    /// Below 0 when the row comes before the position, above 0 when it comes after.
    package func compare(row: Int, to position: [UInt8]) -> Int {
        withPosition(of: row) { mine in position.withUnsafeBytes { ByteOrder.compare(mine, $0) } }
    }

    /// The position of a row, as bytes that `ByteOrder` compares.
    package func position(of row: Int) -> [UInt8] { withPosition(of: row) { Array($0) } }

    /// The first row of a range that does not come after the row before it, in whatever range that is.
    package func firstOutOfOrder(in range: Range<Int>) -> Int? {
        range.first { $0 > 0 && Self.compare(self, $0 - 1, self, $0) >= 0 }
    }

    /// Below 0 when the left table's row comes first, 0 when both have one position.
    package static func compare(_ left: RowTable, _ leftRow: Int, _ right: RowTable, _ rightRow: Int) -> Int {
        left.withPosition(of: leftRow) { one in right.withPosition(of: rightRow) { ByteOrder.compare(one, $0) } }
    }

    package func withPosition<Result>(of row: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let row = rows[row]
        return positions.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[row.positionStart..<row.positionEnd]))
        }
    }

    /// Forgets rows that are known from a page before.
    package mutating func remove(_ range: Range<Int>) { rows.removeSubrange(range) }

    mutating func reserve(_ count: Int, positionBytes: Int) {
        rows.reserveCapacity(rows.count + count)
        positions.reserveCapacity(positions.count + positionBytes)
    }

    mutating func append(
        page: Int, field: WireField, base: UnsafeRawPointer, plan: RowPlan
    ) throws(RowFault) {
        let start = positions.count
        let content = UnsafeRawBufferPointer(start: base + field.start, count: field.end - field.start)
        do throws(ScanError) {
            if let number = plan.positionField {
                try appendPosition(content, number)
            } else {
                for term in plan.order { try term.append(of: content, to: &positions) }
            }
        } catch {
            throw RowFault(offset: field.start + error.offset, reason: error.reason)
        }
        rows.append(
            Row(
                page: page, fieldStart: field.offset, start: field.start, end: field.end, positionStart: start,
                positionEnd: positions.count))
    }

    /// The last value of a text field at the row's top, as it is.
    private mutating func appendPosition(_ row: UnsafeRawBufferPointer, _ number: UInt32) throws(ScanError) {
        guard let base = row.baseAddress else { return }
        let tag = number << 3 | WireType.length
        var cursor = FieldCursor(base: base, at: 0, end: row.count)
        var found = 0..<0
        while let field = try cursor.next() {
            if field.tag == tag { found = field.start..<field.end }
        }
        positions.append(contentsOf: UnsafeRawBufferPointer(rebasing: row[found]))
    }
}
