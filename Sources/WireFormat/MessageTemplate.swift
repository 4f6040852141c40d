/// How a message is made of fields of two others, without decoding them: a request that names a record is made of the
/// client's request, one that gives a side a record of the other side's reply.
package struct MessageTemplate: Sendable, Equatable {
    package enum Source: UInt8, Sendable {
        case request
        case reply
    }

    package struct Field: Sendable, Equatable {
        /// The field's number in the message that is made.
        package let number: UInt32
        package let source: Source
        /// Where it stands in the source; every occurrence is copied, in order.
        package let path: FieldPath

        package init(number: UInt32, source: Source, path: FieldPath) {
            self.number = number
            self.source = source
            self.path = path
        }
    }

    package let fields: [Field]

    package init(_ fields: [Field]) { self.fields = fields }

    /// Whether the message takes anything from a reply.
    package var readsReply: Bool { fields.contains { $0.source == .reply } }

    /// The message. Fields that are not in their source are left out, but what is made of a reply has something of it:
    /// a reply without the record makes no request that is to give a side that record.
    ///
    /// - Throws: what is wrong with the source that cannot be read, which then is no protobuf message.
    package func make(
        request: UnsafeRawBufferPointer, reply: UnsafeRawBufferPointer
    ) throws(MessageTemplateError) -> [UInt8] {
        var message: [UInt8] = []
        var hasReply = false
        for field in fields {
            let source = field.source == .request ? request : reply
            guard let base = source.baseAddress else { continue }
            do throws(ScanError) {
                let cursor = FieldCursor(base: base, at: 0, end: source.count)
                let count = try copy(field, cursor, level: 0, to: &message)
                if field.source == .reply, count > 0 { hasReply = true }
            } catch {
                throw .unreadable(field.source, offset: error.offset, error.reason)
            }
        }
        guard hasReply || !readsReply else { throw .nothingInReply }
        return message
    }

    /// Recursion ends with the path: at most `FieldPath.maxDepth` levels.
    ///
    /// - Returns: of how many bytes what was copied is, without tags and lengths.
    private func copy(
        _ field: Field, _ fields: FieldCursor, level: Int, to message: inout [UInt8]
    ) throws(ScanError) -> Int {
        var fields = fields
        var count = 0
        while let found = try fields.next() {
            guard found.number == field.path[level] else { continue }
            if level + 1 == field.path.count {
                Self.append(found, base: fields.base, number: field.number, to: &message)
                count += found.end - found.start
            } else if found.wireType == WireType.length {
                let inner = FieldCursor(base: fields.base, at: found.start, end: found.end)
                count += try copy(field, inner, level: level + 1, to: &message)
            }
        }
        return count
    }

    private static func append(
        _ found: WireField, base: UnsafeRawPointer, number: UInt32, to message: inout [UInt8]
    ) {
        append(varint: UInt64(number) << 3 | UInt64(found.wireType), to: &message)
        let count = found.end - found.start
        if found.wireType == WireType.length { append(varint: UInt64(count), to: &message) }
        message.append(contentsOf: UnsafeRawBufferPointer(start: base + found.start, count: count))
    }

    private static func append(varint: UInt64, to message: inout [UInt8]) {
        var rest = varint
        while rest >= 0x80 {
            message.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        message.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// Why no message can be made.
package enum MessageTemplateError: Error, Equatable, CustomStringConvertible {
    /// Bytes that are no protobuf message; the faulty field begins at the offset, counted from the message's start.
    case unreadable(MessageTemplate.Source, offset: Int, ScanFault)
    /// The reply has none of the fields that are taken from it, or they are empty.
    case nothingInReply

    package var description: String {
        switch self {
        case .unreadable(let source, let offset, let fault): "the \(source) cannot be read: \(fault) at byte \(offset)"
        case .nothingInReply: "the reply has nothing of the record"
        }
    }
}
