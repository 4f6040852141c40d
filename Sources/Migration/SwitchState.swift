/// The switches of one migration as people write them, without the epoch.
package struct SwitchState: Sendable, Equatable {
    package var phase: Phase
    package var enrolled: KeySelection
    package var gray: KeySelection

    package init(phase: Phase, enrolled: KeySelection, gray: KeySelection) {
        self.phase = phase
        self.enrolled = enrolled
        self.gray = gray
    }

    /// The keys that are at another stage than `old`.
    package var beyondOld: KeySelection {
        switch phase {
        case .idle: .none
        case .migrating: enrolled
        case .mirrored, .finished, .retired: .all
        }
    }
}

extension Phase {
    /// One rung further, or back.
    package func rung(_ distance: Int) -> Phase? {
        Int(rawValue).advanced(by: distance) < 0 ? nil : Phase(rawValue: UInt8(Int(rawValue) + distance))
    }
}

extension SwitchState {
    /// This state without what a forward change from `before` to `after` did; nothing that was done since is undone,
    /// and nothing goes forward.
    package func undoing(from before: SwitchState, to after: SwitchState) -> SwitchState {
        var result = self
        if before.phase != after.phase, phase.rawValue > before.phase.rawValue { result.phase = before.phase }
        result.enrolled = enrolled.undoing(from: before.enrolled, to: after.enrolled)
        result.gray = gray.undoing(from: before.gray, to: after.gray)
        return result
    }
}

extension KeySelection {
    /// The set without the keys that a change from `before` to `after` let in; itself where it would get others.
    fileprivate func undoing(from before: KeySelection, to after: KeySelection) -> KeySelection {
        if before == after { return self }
        if self == after, !before.mayGain(over: self, trustsFiles: true) { return before }
        var result = self
        if after.share > before.share, share > before.share { result.setShare(before.share) }
        if Self.isSame(allowFile, after.allowFile) { result.allowFile = before.allowFile }
        if Self.isSame(denyFile, after.denyFile) { result.denyFile = before.denyFile }
        let known = Set(before.allow)
        let added = Set(after.allow).subtracting(known)
        result.allow.removeAll { added.contains($0) }
        let denied = before.deny.filter { !after.deny.contains($0) && !result.deny.contains($0) }
        // Beside `all` nothing else counts: what has exceptions is the whole share.
        if result.everything, !denied.isEmpty || result.denyFile != nil { result.setShare(10_000) }
        result.deny.append(contentsOf: denied)
        result.allow.removeAll { denied.contains($0) }
        return result.mayGain(over: self, trustsFiles: true) ? self : result
    }
}
