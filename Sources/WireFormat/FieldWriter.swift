/// Appends protobuf fields to a message.
package enum FieldWriter {
    package static func append(varint value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A field with a number as a varint.
    package static func append(_ number: UInt32, varint value: UInt64, to bytes: inout [UInt8]) {
        append(varint: UInt64(number << 3 | WireType.varint), to: &bytes)
        append(varint: value, to: &bytes)
    }

    /// A field with text, bytes or a message.
    package static func append(_ number: UInt32, _ content: some Collection<UInt8>, to bytes: inout [UInt8]) {
        append(varint: UInt64(number << 3 | WireType.length), to: &bytes)
        append(varint: UInt64(content.count), to: &bytes)
        bytes.append(contentsOf: content)
    }

    package static func append(_ number: UInt32, fixed32 value: UInt32, to bytes: inout [UInt8]) {
        append(varint: UInt64(number << 3 | WireType.fixed32), to: &bytes)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package static func append(_ number: UInt32, fixed64 value: UInt64, to bytes: inout [UInt8]) {
        append(varint: UInt64(number << 3 | WireType.fixed64), to: &bytes)
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
