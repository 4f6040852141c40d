/// What the switches say for one gray key.
package enum Stage: UInt8, Sendable, CaseIterable {
    /// Old only.
    case old
    /// Written on both sides, read from old.
    case dualOld
    /// Written on both sides, read from new.
    case dualNew
    /// New is the authority, old still follows.
    case newMirrored
    /// New only.
    case new

    /// The side a query asks first: the authority of the key's records.
    @inlinable package var authority: Side {
        switch self {
        case .old, .dualOld: .old
        case .dualNew, .newMirrored, .new: .new
        }
    }

    /// Whether records are written on both sides.
    @inlinable package var isDouble: Bool {
        switch self {
        case .dualOld, .dualNew, .newMirrored: true
        case .old, .new: false
        }
    }

    /// Whether what the authority does not have may be on the other side, and is read and written there then.
    @inlinable package var fallsBack: Bool { self == .dualOld || self == .dualNew }

    /// The next stage on the way to another one; that one itself where it is next.
    package func rung(towards other: Stage) -> Stage {
        guard self != other else { return self }
        return Stage(rawValue: rawValue < other.rawValue ? rawValue + 1 : rawValue - 1) ?? other
    }

    /// The value of the metadata `switchover-stage`.
    @inlinable package var name: StaticString {
        switch self {
        case .old: "old"
        case .dualOld: "dualOld"
        case .dualNew: "dualNew"
        case .newMirrored: "newMirrored"
        case .new: "new"
        }
    }
}
