/// Reading a key as protobuf's own parsers would read its fields, without decoding the message.
///
/// - The last value of a field wins, and a message that occurs twice is merged: the last value over all occurrences
///   of the whole path wins.
/// - A field whose wire type does not fit its declared type is skipped like an unknown field, as protobuf's parsers do.
/// - Numbers are taken from packed fields too, the last element winning; an empty packed field says nothing.
/// - A path that names an element of a repeated field reads that element alone, in the order in which a parser would
///   list them: over all occurrences, elements of packed fields counted one by one. Without that element the field is
///   not on the wire.
/// - Text is not validated as UTF-8: the contract takes bytes as they are.
/// - Every field at the levels that the path leads through must be well-formed; what lies inside other fields is not
/// looked at.
/// - Not known to a scan, hence not honoured: `oneof` (a later member does not unset an earlier one).
extension KeyPlan {
    /// Reads the canonical key of a message.
    ///
    /// - Parameter scratch: at least `scratchBytes`; used where the key is not a slice of the message.
    @inlinable
    package func scan(_ message: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer) -> KeyScan {
        guard topLevelTextTag != 0, let base = message.baseAddress else {
            return scanComponents(message, scratch: scratch)
        }
        var cursor = FieldCursor(base: base, at: 0, end: message.count)
        var start = -1
        var end = -1
        do throws(ScanError) {
            while let field = try cursor.next() {
                guard field.tag == topLevelTextTag else { continue }
                start = field.start
                end = field.end
            }
        } catch {
            return .malformed(component: 0, offset: error.offset, reason: error.reason)
        }
        let count = end &- start
        guard start >= 0, count <= Self.maxKeyBytes else { return scanComponents(message, scratch: scratch) }
        return .key(UnsafeRawBufferPointer(start: base + start, count: count))
    }

    /// The scan for any plan: one walk over the message for each component.
    @usableFromInline
    func scanComponents(_ message: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer) -> KeyScan {
        precondition(scratch.count >= Self.scratchBytes, "a key scan needs KeyPlan.scratchBytes of scratch memory")
        var writer = KeyWriter(scratch, limit: Self.maxKeyBytes)
        for component in 0..<count {
            let field = fields[component]
            var walk = PathWalk(field, message: message)
            do throws(ScanError) {
                try walk.run()
            } catch {
                return .malformed(component: component, offset: error.offset, reason: error.reason)
            }
            guard walk.isOnWire || field.presence == .optional else { return .missing(component: component) }
            if count == 1, field.type.isText {
                guard walk.text.count <= Self.maxKeyBytes else { return .tooLong(component: 0) }
                return .key(walk.text)
            }
            guard write(walk, field.type, to: &writer) else { return .tooLong(component: component) }
        }
        return .key(UnsafeRawBufferPointer(rebasing: scratch[..<writer.count]))
    }

    /// Appends a component's canonical form, with its length before it if the key has several; false if there is no
    /// room.
    private func write(_ walk: PathWalk, _ type: ScalarType, to writer: inout KeyWriter) -> Bool {
        let prefixAt = writer.count
        if count > 1, !writer.reserveLength() { return false }
        guard type.isText ? writer.append(walk.text) : writer.append(bits: walk.bits, type) else { return false }
        if count > 1 { writer.setLength(at: prefixAt) }
        return true
    }
}

/// The search for the last value of one path.
struct PathWalk {
    let path: FieldPath
    let type: ScalarType
    let message: UnsafeRawBufferPointer
    private(set) var isOnWire = false
    /// How many elements have been met at each level where the path names one.
    private var elementsMet = InlineArray<8, UInt32>(repeating: 0)
    /// The value of a number or bool: the varint, or the fixed-size bits.
    private(set) var bits: UInt64 = 0
    /// The value of a string or bytes field.
    private(set) var text = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ field: KeyField, message: UnsafeRawBufferPointer) {
        self.path = field.path
        self.type = field.type
        self.message = message
    }

    mutating func run() throws(ScanError) {
        guard let base = message.baseAddress else { return }
        try walk(FieldCursor(base: base, at: 0, end: message.count), level: 0)
    }

    /// Recursion ends with the path: at most `FieldPath.maxDepth` levels.
    private mutating func walk(_ fields: FieldCursor, level: Int) throws(ScanError) {
        var fields = fields
        while let field = try fields.next() {
            guard field.number == path[level] else { continue }
            if level + 1 == path.count {
                try take(field, base: fields.base)
            } else if field.wireType == WireType.length, !path.hasElements || isMeant(level) {
                try walk(FieldCursor(base: fields.base, at: field.start, end: field.end), level: level + 1)
            }
        }
    }

    private mutating func take(_ field: WireField, base: UnsafeRawPointer) throws(ScanError) {
        var value = FieldCursor(base: base, at: field.start, end: field.end)
        switch type {
        case .string, .bytes:
            guard field.wireType == WireType.length, !path.hasElements || isMeant(path.count - 1) else { return }
            text = UnsafeRawBufferPointer(start: base + field.start, count: field.end - field.start)
            isOnWire = true
        case .bool, .int32, .int64, .uint32, .uint64, .sint32, .sint64:
            guard field.wireType == WireType.varint || field.wireType == WireType.length else { return }
            while value.at < value.end { set(try value.varint(field.offset)) }
        case .fixed32, .sfixed32:
            guard field.wireType == WireType.fixed32 || field.wireType == WireType.length else { return }
            while value.at < value.end {
                let start = value.at
                try value.skip(4, field.offset)
                set(UInt64(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt32.self))))
            }
        case .fixed64, .sfixed64:
            guard field.wireType == WireType.fixed64 || field.wireType == WireType.length else { return }
            while value.at < value.end {
                let start = value.at
                try value.skip(8, field.offset)
                set(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
            }
        }
    }

    /// Counts an element at a level, and says whether it is the one that the path names; without one every one is.
    private mutating func isMeant(_ level: Int) -> Bool {
        guard let element = path.element(at: level) else { return true }
        let met = elementsMet[level]
        elementsMet[level] = met &+ 1
        return met == element
    }

    private mutating func set(_ bits: UInt64) {
        guard !path.hasElements || isMeant(path.count - 1) else { return }
        self.bits = bits
        isOnWire = true
    }
}
