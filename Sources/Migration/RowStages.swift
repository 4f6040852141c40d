/// What the engine knows about the records of an answer's rows, as one epoch has it.
package protocol RowStages: ~Copyable {
    /// The stage of a canonical gray key.
    func stage(grayKey: UnsafeRawBufferPointer) -> Stage
    /// The stage of a record that has no gray key.
    var stageOfNoKey: Stage { get }
    /// Whether any record of the migration is pinned, so that record keys must be read.
    var hasPins: Bool { get }
    /// The stage that a record is pinned to, by its canonical record key; nil when it is not pinned.
    func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage?
}

/// The switches alone: nothing is pinned.
extension MigrationSwitches: RowStages {
    package func stage(grayKey: UnsafeRawBufferPointer) -> Stage { stage(key: grayKey) }
    package var hasPins: Bool { false }
    package func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage? { nil }
}
