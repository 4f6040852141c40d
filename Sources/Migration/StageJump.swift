/// Keys that a change would move over a stage: from `old` further than to `dualOld`, or back. The rules of moves hold
/// for stages that follow one another; from `dualOld` to `newMirrored` goes who says that the sides were compared.
package struct StageJump: Sendable, Equatable {
    package let from: Stage
    package let to: Stage
    /// Some of the listed keys, as they are written; empty where unlisted keys go.
    package let keys: [String]

    private static let keysAtMost = 10

    init(from: Stage, to: Stage, keys: [String]) {
        self.from = from
        self.to = to
        self.keys = keys
    }

    /// Nil where no key surely goes over a stage: what a file of keys says is not known here.
    init?(from last: SwitchState, to next: SwitchState) {
        let (before, after) = (View(last), View(next))
        var jump: (from: Stage, to: Stage)?
        var keys: [String] = []
        for key in before.listed.union(after.listed) {
            guard let from = before.stage(of: key), let to = after.stage(of: key), Self.isJump(from, to),
                jump.map({ $0 == (from, to) }) ?? true
            else { continue }
            jump = (from, to)
            keys.append(key.text)
        }
        if jump == nil {
            // Where one of the shares begins, the stage of unlisted keys may change.
            for bucket in Set([0] + before.shares + after.shares) where bucket < 10_000 {
                let (from, to) = (before.stage(bucket: bucket), after.stage(bucket: bucket))
                if Self.isJump(from, to), jump == nil { jump = (from, to) }
            }
        }
        guard let jump else { return nil }
        (from, to) = jump
        self.keys = Array(keys.sorted().prefix(Self.keysAtMost))
    }

    static func isJump(_ from: Stage, _ to: Stage) -> Bool {
        switch (from, to) {
        case (.old, .dualNew), (.old, .newMirrored), (.old, .new): true
        case (.dualNew, .old), (.newMirrored, .old), (.new, .old): true
        default: false
        }
    }

    /// A state, for looking keys up.
    private struct View {
        private let phase: Phase
        private let enrolled: Members
        private let gray: Members

        init(_ state: SwitchState) {
            phase = state.phase
            enrolled = Members(state.enrolled)
            gray = Members(state.gray)
        }

        var listed: Set<KeySelection.Key> {
            phase == .migrating ? enrolled.allow.union(enrolled.deny).union(gray.allow).union(gray.deny) : []
        }

        var shares: [UInt32] { phase == .migrating ? [enrolled.share, gray.share] : [] }

        func stage(of key: KeySelection.Key) -> Stage? {
            if let common { return common }
            guard let isEnrolled = enrolled.contains(key) else { return nil }
            if !isEnrolled { return .old }
            return gray.contains(key).map { $0 ? .dualNew : .dualOld }
        }

        func stage(bucket: UInt32) -> Stage {
            if let common { return common }
            if bucket >= enrolled.share { return .old }
            return bucket < gray.share ? .dualNew : .dualOld
        }

        private var common: Stage? {
            switch phase {
            case .idle: .old
            case .migrating: nil
            case .mirrored: .newMirrored
            case .finished, .retired: .new
            }
        }
    }

    private struct Members {
        let allow: Set<KeySelection.Key>
        let deny: Set<KeySelection.Key>
        let share: UInt32
        private let hasFile: Bool

        init(_ selection: KeySelection) {
            let isAll = selection.everything
            allow = isAll ? [] : Set(selection.allow)
            deny = isAll ? [] : Set(selection.deny)
            share = selection.share
            hasFile = !isAll && (selection.allowFile != nil || selection.denyFile != nil)
        }

        /// Nil where a file or a percentage decides.
        func contains(_ key: KeySelection.Key) -> Bool? {
            if deny.contains(key) { return false }
            if hasFile { return nil }
            if allow.contains(key) || share == 10_000 { return true }
            return share == 0 ? false : nil
        }
    }
}
