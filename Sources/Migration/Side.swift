/// One of the two ends of a migration; each is one upstream.
package enum Side: UInt8, Sendable, CaseIterable {
    case old
    case new

    @inlinable package var other: Side { self == .old ? .new : .old }
    /// As the contract spells it, in messages, metrics and metadata.
    @inlinable package var name: StaticString { self == .old ? "old" : "new" }
}
