package import Migration

/// The switches of all migrations as one reading of the switch file left them: immutable, shared by all loops, replaced
/// whole.
package final class SwitchSnapshot: @unchecked Sendable {
    // Sendable because nothing changes after `init`; the memory behind the pointers is freed in `deinit`.

    /// By the migration's position in the configuration; nil where the switches are not known: `no-switches`. Valid
    /// while the snapshot lives; reading it counts no references.
    package let table: UnsafePointer<UnsafePointer<MigrationSwitches>?>
    /// What the file says about each migration, for logs and `check`.
    package let summaries: [SwitchSummary?]

    private let slots: UnsafeMutablePointer<UnsafePointer<MigrationSwitches>?>

    /// A snapshot of migrations whose switches are not known.
    package convenience init(unknown count: Int) {
        self.init(summaries: Array(repeating: nil, count: count)) { (_) throws(Never) in nil }
    }

    /// Whether a change to this from `other` may take a key to stage `old`, where nobody writes to new.
    func takesKeysToOld(from other: SwitchSnapshot) -> Bool {
        summaries.indices.contains { index in
            guard summaries[index] != other.summaries[index], let next = table[index], let last = other.table[index]
            else { return false }
            return next.pointee.hasKeysAtOld && last.pointee.stageWithoutKey != .old
        }
    }

    /// `make` is asked once for each position.
    init<Failure: Error>(
        summaries: [SwitchSummary?], _ make: (Int) throws(Failure) -> MigrationSwitches?
    ) throws(Failure) {
        self.summaries = summaries
        slots = .allocate(capacity: max(summaries.count, 1))
        slots.initialize(repeating: nil, count: summaries.count)
        table = UnsafePointer(slots)
        for index in summaries.indices {
            guard let switches = try make(index) else { continue }
            let memory = UnsafeMutablePointer<MigrationSwitches>.allocate(capacity: 1)
            memory.initialize(to: switches)
            slots[index] = UnsafePointer(memory)
        }
    }

    deinit {
        for index in summaries.indices {
            guard let memory = slots[index].map({ UnsafeMutablePointer(mutating: $0) }) else { continue }
            memory.deinitialize(count: 1)
            memory.deallocate()
        }
        slots.deallocate()
    }
}

/// What a switch file says about one migration, without the keys.
package struct SwitchSummary: Sendable, Equatable {
    package let epoch: UInt64
    package let phase: Phase
    /// As text: `all`, `none`, or the sizes of its lists and the percentage.
    package let enrolled: String
    package let gray: String
    /// Of phase and sets, keys included: tells whether the switches of two readings are the same.
    let fingerprint: UInt64
}
