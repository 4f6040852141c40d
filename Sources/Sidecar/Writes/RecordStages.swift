import Migration

/// What a query knows of records while rows are merged: the switches and the pins that it began with. One that is
/// released meanwhile is judged as before, else the rows of one side would be judged otherwise than those of the other.
struct RecordStages: RowStages {
    let switches: UnsafePointer<MigrationSwitches>
    /// By the canonical record key.
    let pinned: [[UInt8]: Stage]

    func stage(grayKey: UnsafeRawBufferPointer) -> Stage { switches.pointee.stage(key: grayKey) }
    var stageOfNoKey: Stage { switches.pointee.stageOfNoKey }
    var hasPins: Bool { !pinned.isEmpty }

    func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage? { pinned[Array(recordKey)] }
}
