/// The switches in force, and those that a change is about to put there: both say what becomes of a record.
package struct ChangingSwitches {
    private let current: UnsafePointer<MigrationSwitches>?
    private let held: UnsafePointer<MigrationSwitches>?

    /// - Parameters:
    ///   - current: nil: there are none.
    ///   - held: nil: no change is under way.
    package init(current: UnsafePointer<MigrationSwitches>?, held: UnsafePointer<MigrationSwitches>?) {
        self.current = current
        self.held = held
    }

    /// The stage of a gray key by the later of the two: a change may have pinned already what was not at rest. Nil
    /// without a key.
    func later(of key: [UInt8]?) -> Stage? {
        let switches = [current, held].compactMap(\.self).max { $0.pointee.epoch < $1.pointee.epoch }
        return key.flatMap { key in switches?.pointee.stage(of: key) }
    }

    /// The stage of a record by what writes have said of its gray key; nil where that depends on one that is not known,
    /// or on whether the change is made.
    func both(of key: NotedKey, _ grayKeys: WriteGrayKeys) -> Stage? {
        guard let current else { return nil }
        let stage = current.pointee.stage(of: key, grayKeys)
        guard let held else { return stage }
        return held.pointee.stage(of: key, grayKeys) == stage ? stage : nil
    }
}
