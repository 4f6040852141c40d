/// The five bytes before each gRPC message: a flag that says whether it is compressed, and its length, big-endian.
///
/// The length is what the peer claims, up to 4 GiB: check it against the limit before anything is reserved for it.
@usableFromInline package struct GRPCPrefix: Sendable, Equatable {
    @usableFromInline package static let byteCount = 5

    @usableFromInline package let isCompressed: Bool
    @usableFromInline package let length: UInt32

    @usableFromInline package enum Parsed: Sendable, Equatable {
        case prefix(GRPCPrefix)
        /// Fewer than five bytes.
        case incomplete
        /// The flag is neither 0 nor 1; known from the first byte on.
        case malformed(flag: UInt8)
    }

    @inlinable
    package init(isCompressed: Bool, length: UInt32) {
        self.isCompressed = isCompressed
        self.length = length
    }

    /// Reads the prefix at the start of `bytes`; what follows it is not looked at.
    @inlinable
    package static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard let flag = bytes.first else { return .incomplete }
        guard flag <= 1 else { return .malformed(flag: flag) }
        guard bytes.count >= byteCount else { return .incomplete }
        let length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
        return .prefix(GRPCPrefix(isCompressed: flag == 1, length: length))
    }

    /// Writes the prefix to the start of `memory`, which has at least `byteCount` bytes.
    @inlinable
    package func write(into memory: UnsafeMutableRawBufferPointer) {
        precondition(memory.count >= Self.byteCount, "a gRPC prefix needs GRPCPrefix.byteCount of memory")
        memory[0] = isCompressed ? 1 : 0
        memory.storeBytes(of: length.bigEndian, toByteOffset: 1, as: UInt32.self)
    }
}
