import CNghttp2

/// The fields of one header block, in the order in which they came. Its storage is kept when it is emptied.
package struct FieldList {
    private var fields: UnsafeMutablePointer<Field>?
    package private(set) var count = 0
    private var capacity = 0
    /// Size as RFC 9113, 6.5.2 counts it: name, value and 32 for each field, in bytes.
    package private(set) var bytes = 0
    /// Fields that it becomes when it is sent on.
    private(set) var items = 0
    /// Tokens of all fields that it holds.
    package private(set) var tokens = FieldTokens()

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package subscript(index: Int) -> Field { fields.unsafelyUnwrapped[index] }

    /// The first field with this token.
    package func first(_ token: FieldToken) -> Field? {
        guard tokens.contains(token), let fields else { return nil }
        for index in 0..<count where fields[index].token == token { return fields[index] }
        return nil
    }

    /// Appends a field and takes a reference on both its buffers.
    mutating func append(_ field: Field) {
        if count == capacity { grow() }
        nghttp2_rcbuf_incref(field.name)
        nghttp2_rcbuf_incref(field.value)
        fields.unsafelyUnwrapped[count] = field
        count += 1
        bytes += field.size
        items += field.items
        tokens.insert(field.token)
    }

    /// Gives the references back.
    mutating func removeAll() {
        if let fields {
            for index in 0..<count {
                nghttp2_rcbuf_decref(fields[index].name)
                nghttp2_rcbuf_decref(fields[index].value)
            }
        }
        count = 0
        bytes = 0
        items = 0
        tokens = FieldTokens()
    }

    mutating func free() {
        removeAll()
        fields?.deallocate()
        fields = nil
        capacity = 0
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Field>.allocate(capacity: max(16, capacity * 2))
        if let fields {
            larger.moveInitialize(from: fields, count: count)
            fields.deallocate()
        }
        fields = larger
        capacity = max(16, capacity * 2)
    }
}

/// Gathers the fields of one header block for nghttp2, which reads them while the frame is packed.
///
/// One a loop, used anew for each submission. Names and values are not copied: they must live until the frame has
/// been packed.
package struct HeaderWriter {
    private var fields: UnsafeMutablePointer<nghttp2_nv>
    private var capacity: Int
    private(set) var count = 0
    /// Text of a field that is not sent as it came; nghttp2 copies it.
    private var spare: UnsafeMutablePointer<UInt8>?

    private static var noCopy: UInt8 {
        UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
    }
    private static var noIndex: UInt8 { UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) }

    init(capacity: Int) {
        fields = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    mutating func free() {
        fields.deallocate()
        spare?.deallocate()
        spare = nil
    }

    var base: UnsafePointer<nghttp2_nv> { UnsafePointer(fields) }

    package mutating func removeAll() { count = 0 }

    /// All fields of `list` but those with a token of `excluded`.
    package mutating func append(_ list: FieldList, except excluded: FieldTokens) {
        let start = count
        for index in 0..<list.count {
            let field = list[index]
            if excluded.contains(field.token) { continue }
            append(name: field.nameBytes, value: field.valueBytes, indexed: !field.neverIndex)
        }
        if list.tokens.contains(.paddedMessage) { encodePadding(from: start) }
    }

    /// The same for a request, where a list of binary values in one field becomes a field for each: the gRPC document
    /// allows the list, but common servers take the comma for broken base64 and remember the field as broken for the
    /// whole connection.
    package mutating func appendRequest(_ list: FieldList, except excluded: FieldTokens) {
        guard list.tokens.contains(.binary) else { return append(list, except: excluded) }
        let start = count
        for index in 0..<list.count {
            let field = list[index]
            if excluded.contains(field.token) { continue }
            var rest = field.valueBytes[...]
            while field.token == .binary, let comma = rest.firstIndex(of: UInt8(ascii: ",")) {
                let item = UnsafeBufferPointer(rebasing: rest[..<comma])
                append(name: field.nameBytes, value: item, indexed: !field.neverIndex)
                rest = rest[(comma + 1)...]
            }
            append(name: field.nameBytes, value: UnsafeBufferPointer(rebasing: rest), indexed: !field.neverIndex)
        }
        if list.tokens.contains(.paddedMessage) { encodePadding(from: start) }
    }

    /// Writes blanks at the ends of values, which only a `grpc-message` still has, in the percent encoding of
    /// `grpc-message`: it says the same to gRPC, and strict HTTP/2 peers take it.
    private mutating func encodePadding(from start: Int) {
        let most = (start..<count).reduce(0) { $0 + 3 * fields[$1].valuelen }
        spare?.deallocate()
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: max(most, 1))
        spare = text
        var end = 0
        for index in start..<count {
            let value = UnsafeBufferPointer(start: fields[index].value, count: fields[index].valuelen)
            let inner = Field.trimmed(value)
            guard inner.count < value.count else { continue }
            let first = end
            let leading = value.firstIndex { !Field.isBlank($0) } ?? value.count
            for at in 0..<value.count {
                if at >= leading, at < leading + inner.count {
                    text[end] = value[at]
                    end += 1
                    continue
                }
                let isSpace = value[at] == UInt8(ascii: " ")
                text[end] = UInt8(ascii: "%")
                text[end + 1] = isSpace ? UInt8(ascii: "2") : UInt8(ascii: "0")
                text[end + 2] = isSpace ? UInt8(ascii: "0") : UInt8(ascii: "9")
                end += 3
            }
            fields[index].value = text + first
            fields[index].valuelen = end - first
            fields[index].flags &= ~UInt8(NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        }
    }

    /// One field. `indexed: false` for values that change from call to call: they would push others out of the peer's
    /// table.
    package mutating func append(
        name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, indexed: Bool = true
    ) {
        if count == capacity { grow() }
        fields[count] = nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.baseAddress),
            value: UnsafeMutablePointer(mutating: value.baseAddress),
            namelen: name.count, valuelen: value.count, flags: indexed ? Self.noCopy : Self.noCopy | Self.noIndex
        )
        count += 1
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: fields, count: count)
        fields.deallocate()
        fields = larger
        capacity *= 2
    }

    package mutating func append(name: StaticString, value: UnsafeBufferPointer<UInt8>, indexed: Bool = true) {
        append(name: Self.bytes(name), value: value, indexed: indexed)
    }

    package mutating func append(name: StaticString, value: StaticString) {
        append(name: Self.bytes(name), value: Self.bytes(value))
    }

    private static func bytes(_ text: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
