import WireFormat

/// Runs the small codecs of gRPC over arbitrary bytes, and checks each against its inverse or against a plainer way
/// to say it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCodecs(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    checkPrefixes(bytes)
    checkTimeout(bytes)
    checkPercentEncoding(bytes)
    checkMetadata(bytes)
    _ = GRPCStatus(grpcStatus: bytes)
    checkFieldPath(String(decoding: bytes, as: UTF8.self))
    return 0
}

/// Walks over the bytes as over a stream of messages: a prefix that is read is written back as it was.
private func checkPrefixes(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while case .prefix(let prefix) = GRPCPrefix.parse(UnsafeRawBufferPointer(rebasing: rest)) {
        withUnsafeTemporaryAllocation(byteCount: GRPCPrefix.byteCount, alignment: 1) { memory in
            prefix.write(into: memory)
            precondition(memory.elementsEqual(rest.prefix(GRPCPrefix.byteCount)), "a prefix changes")
        }
        rest = rest.dropFirst(GRPCPrefix.byteCount).dropFirst(Int(prefix.length))
    }
}

private func checkTimeout(_ bytes: UnsafeRawBufferPointer) {
    guard case .nanoseconds(let nanoseconds) = GRPCTimeout.parse(bytes) else { return }
    precondition((2...GRPCTimeout.maxBytes).contains(bytes.count), "a timeout of an impossible length")
    withUnsafeTemporaryAllocation(byteCount: GRPCTimeout.maxBytes, alignment: 1) { memory in
        let count = GRPCTimeout.write(nanoseconds: nanoseconds, into: memory)
        let again = GRPCTimeout.parse(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        guard case .nanoseconds(let read) = again else { preconditionFailure("a written timeout is malformed") }
        precondition(read <= nanoseconds, "a timeout grows")
        precondition(read == nanoseconds || nanoseconds == .max, "a timeout of eight digits changes")
    }
}

private func checkPercentEncoding(_ bytes: UnsafeRawBufferPointer) {
    let needed = PercentEncoding.encodedCount(bytes)
    withUnsafeTemporaryAllocation(byteCount: needed, alignment: 1) { encoded in
        precondition(PercentEncoding.encode(bytes, into: encoded) == needed, "the wrong length was foretold")
        precondition(MetadataCheck.isASCIIValue(UnsafeRawBufferPointer(encoded)), "an encoded message is no metadata")
        let decoded = PercentEncoding.decode(UnsafeRawBufferPointer(encoded), into: encoded)
        precondition(encoded[..<decoded].elementsEqual(bytes), "a message changes")
    }
    withUnsafeTemporaryAllocation(byteCount: bytes.count, alignment: 1) { memory in
        precondition(PercentEncoding.decode(bytes, into: memory) <= bytes.count, "decoding grows")
        precondition(PercentEncoding.encode(bytes, into: memory) <= memory.count, "encoding overflows")
    }
}

private func checkMetadata(_ bytes: UnsafeRawBufferPointer) {
    let isPrintable = bytes.allSatisfy { (0x20...0x7e).contains($0) }
    precondition(MetadataCheck.isASCIIValue(bytes) == isPrintable, "printable or not")
    let items = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let areItems = items.allSatisfy { MetadataCheck.isBinaryItem(UnsafeRawBufferPointer(rebasing: $0)) }
    precondition(MetadataCheck.isBinaryValue(bytes) == areItems, "a list is its items")
    if MetadataCheck.isContentCoding(bytes) { precondition(isPrintable && !bytes.isEmpty, "a token is printable") }
}

private func checkFieldPath(_ text: String) {
    guard let path = try? FieldPath(text) else { return }
    precondition(path.description == text || text.contains("\u{0}"), "a path changes")
}
