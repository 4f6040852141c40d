/// The total switch of a migration, spelled out as a ladder.
package enum Phase: UInt8, Sendable, CaseIterable {
    /// The sidecar is in the path and everything goes to old.
    case idle
    /// The gray switch decides per gray key.
    case migrating
    /// New is the authority of all records; every write is also applied to old.
    case mirrored
    /// New only.
    case finished
    /// Old is fenced: its connections are closed, going back is refused.
    case retired

    package var name: String {
        switch self {
        case .idle: "idle"
        case .migrating: "migrating"
        case .mirrored: "mirrored"
        case .finished: "finished"
        case .retired: "retired"
        }
    }

    package init?(name: String) {
        guard let phase = Phase.allCases.first(where: { $0.name == name }) else { return nil }
        self = phase
    }
}
