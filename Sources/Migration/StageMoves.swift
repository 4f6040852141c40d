import WireFormat

/// Where a change takes keys, as the sets themselves say, whatever files they came from: the listed keys, and all
/// others by the share of them that is in.
package struct StageMoves: Sendable, Equatable {
    /// Some key goes towards new.
    package private(set) var goForward = false
    /// Some key goes to stage `old`.
    package private(set) var goToOld = false
    /// Some key leaves stage `old`.
    package private(set) var leaveOld = false
    /// Keys that go over a stage.
    package let jump: StageJump?

    private static let keysAtMost = 10

    /// - Parameters:
    ///   - onlyOld: whether moves to stage `old` and from it are all that is asked, so that no list needs to be looked
    ///     through where no key is at `old`.
    ///   - written: a canonical key as people write it.
    package init(
        from last: borrowing MigrationSwitches, to next: borrowing MigrationSwitches, onlyOld: Bool = false,
        written: (UnsafeRawBufferPointer) -> String
    ) {
        if onlyOld, !last.hasKeysAtOld, !next.hasKeysAtOld {
            jump = nil
            return
        }
        var jump: (from: Stage, to: Stage)?
        var keys: Set<String> = []
        var (goForward, goToOld, leaveOld) = (false, false, false)
        func look(_ before: Stage, _ after: Stage) {
            guard before != after else { return }
            if after.rawValue > before.rawValue { goForward = true }
            if after == .old { goToOld = true }
            if before == .old { leaveOld = true }
            if jump == nil, StageJump.isJump(before, after) { jump = (before, after) }
        }
        func look(_ key: UnsafeRawBufferPointer, _ before: Stage, _ after: Stage) -> Bool {
            look(before, after)
            if let jump, jump == (before, after), keys.count < Self.keysAtMost { keys.insert(written(key)) }
            return true
        }
        _ = last.allSatisfyListed { look($0, last.stage(key: $0), next.stage(key: $0)) }
        _ = next.allSatisfyListed { look($0, last.stage(key: $0), next.stage(key: $0)) }
        for bucket in 0..<Cohort.bucketCount { look(last.stage(bucket: bucket), next.stage(bucket: bucket)) }
        self.jump = jump.map { StageJump(from: $0.from, to: $0.to, keys: keys.sorted()) }
        (self.goForward, self.goToOld, self.leaveOld) = (goForward, goToOld, leaveOld)
    }
}
