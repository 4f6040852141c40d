import WireFormat

/// Writes a protobuf message once, front to back. A message inside it is opened with one byte for its length, and moved
/// up when it turns out to need more.
struct MessageWriter {
    private(set) var bytes: [UInt8] = []

    var count: Int { bytes.count }

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func varintField(_ number: UInt32, _ value: UInt64) {
        tag(number, WireType.varint)
        varint(value)
    }

    mutating func doubleField(_ number: UInt32, _ value: Double) {
        tag(number, WireType.fixed64)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func field(_ number: UInt32, _ content: UnsafeRawBufferPointer) {
        tag(number, WireType.length)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func field(_ number: UInt32, _ content: [UInt8]) {
        tag(number, WireType.length)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    /// Bytes that are fields already.
    mutating func append(_ fields: [UInt8]) { bytes.append(contentsOf: fields) }

    /// Begins a message in a field; what is written until `close` is its content.
    mutating func open(_ number: UInt32) -> Int {
        tag(number, WireType.length)
        bytes.append(0)
        return bytes.count
    }

    mutating func close(_ start: Int) {
        var length = UInt64(bytes.count - start)
        if length >= 0x80 {
            let more = (63 - length.leadingZeroBitCount) / 7
            bytes.insert(contentsOf: repeatElement(0, count: more), at: start)
        }
        var at = start - 1
        while length >= 0x80 {
            bytes[at] = UInt8(truncatingIfNeeded: length) | 0x80
            length >>= 7
            at += 1
        }
        bytes[at] = UInt8(truncatingIfNeeded: length)
    }

    private mutating func tag(_ number: UInt32, _ wireType: UInt32) { varint(UInt64(number << 3 | wireType)) }
}
