/// Calls `body` with the bytes in memory of exactly their size, so that AddressSanitizer sees a read beyond them.
func withExactMemory<Result>(_ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> Result)
    rethrows -> Result
{
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(copy))
}

/// What `body` writes into memory of `capacity` bytes; it returns how many it wrote.
func written(capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
    defer { memory.deallocate() }
    return Array(memory[..<(try body(memory))])
}
