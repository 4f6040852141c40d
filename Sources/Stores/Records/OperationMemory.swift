/// Memory that values of one operation may refer to, freed with it or when it is over.
struct OperationMemory: ~Copyable {
    private var kept: [UnsafeMutableRawBufferPointer] = []

    deinit { for memory in kept { memory.deallocate() } }

    /// Memory with these bytes that lives until `free`.
    mutating func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        memory.copyBytes(from: bytes)
        kept.append(memory)
        return UnsafeRawBufferPointer(rebasing: memory[..<bytes.count])
    }

    mutating func free() {
        for memory in kept { memory.deallocate() }
        kept.removeAll(keepingCapacity: true)
    }
}
