/// Stages of records by what is known of their gray keys.
extension MigrationSwitches {
    /// The stage of a canonical gray key.
    package func stage(of key: [UInt8]) -> Stage { key.withUnsafeBytes { stage(key: $0) } }

    /// The stage of a record by its canonical gray key; nil: it has none.
    package func stage(of key: [UInt8]?) -> Stage {
        guard let key else { return stage(ofKey: nil) }
        return stage(of: key)
    }

    /// The stage of the record that a write names; nil: it depends on a gray key that is not known.
    package func stage(of grayKeys: WriteGrayKeys) -> Stage? {
        if let stage = stageWithoutKey { return stage }
        if grayKeys.hasNone { return stage(ofKey: nil) }
        return grayKeys.present.map { stage(of: $0) }
    }

    /// The stage of a record by what writes have said of its gray key, this one at last; nil: it depends on one that is
    /// not known.
    package func stage(of key: NotedKey, _ grayKeys: WriteGrayKeys) -> Stage? {
        switch key {
        case .has(let key): stage(of: key)
        case .unsaid: stage(of: WriteGrayKeys(hasNone: grayKeys.hasNone))
        case .moves: stageWithoutKey
        }
    }

    /// Whether a change from these switches alters the stage of the record that a write names.
    ///
    /// - Parameter stage: that the write was decided by.
    package func moves(
        _ grayKeys: WriteGrayKeys, at stage: Stage, to next: UnsafePointer<MigrationSwitches>
    ) -> Bool {
        guard let present = grayKeys.present else { return next.pointee.stageWithoutKey != stage }
        if next.pointee.stage(of: present) != self.stage(of: present) { return true }
        return grayKeys.next.map { next.pointee.stage(of: $0) != self.stage(of: $0) } ?? false
    }
}
