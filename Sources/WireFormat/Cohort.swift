/// The percentage of the gray switch: which of 10,000 buckets a gray key falls into.
///
/// `fmix64(FNV-1a-64(migration name, 0x00, canonical gray key)) mod 10,000`, as the contract's section 6 fixes it;
/// vectors in `Protocol/vectors/cohort.json`. A key is in when its bucket is below the percentage times 100, so that
/// it never leaves while the percentage grows. The hash state after the migration's name is kept, so that only the
/// key is hashed per call.
@usableFromInline package struct Cohort: Sendable, Equatable {
    @usableFromInline package static let bucketCount: UInt32 = 10_000

    @usableFromInline let state: UInt64

    package init(migration: some StringProtocol) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in migration.utf8 { hash = Self.step(hash, byte) }
        self.state = Self.step(hash, 0)
    }

    /// The bucket of a canonical gray key, 0..<10,000.
    @inlinable
    package func bucket(_ key: UnsafeRawBufferPointer) -> UInt32 {
        var hash = state
        for byte in key { hash = Self.step(hash, byte) }
        return UInt32(truncatingIfNeeded: Self.fmix64(hash) % UInt64(Self.bucketCount))
    }

    /// One byte of FNV-1a with 64 bits.
    @inlinable
    static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }

    /// The finaliser of MurmurHash3 with 64 bits.
    @inlinable
    static func fmix64(_ hash: UInt64) -> UInt64 {
        var mixed = hash
        mixed = (mixed ^ mixed &>> 33) &* 0xff51_afd7_ed55_8ccd
        mixed = (mixed ^ mixed &>> 33) &* 0xc4ce_b9fe_1a85_ec53
        return mixed ^ mixed &>> 33
    }
}
