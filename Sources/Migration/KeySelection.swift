/// A set of gray keys as people write it: what a switch file says, and what a command changes. `GraySet` is the same
/// set, built for looking keys up.
package struct KeySelection: Sendable, Equatable {
    /// A gray key as it is written in a switch file, by its components.
    package typealias Key = [String]

    /// Written as `all`; nothing else counts then.
    package var everything = false
    package var deny: [Key] = []
    package var denyFile: String?
    package var allow: [Key] = []
    package var allowFile: String?
    /// Hundredths of a percent, 0...10,000.
    package var percentTimes100: UInt32 = 0

    package static var all: KeySelection { KeySelection(everything: true) }
    package static var none: KeySelection { KeySelection() }

    package init(everything: Bool = false) { self.everything = everything }

    /// Whether no key is in, as far as can be told without reading files.
    package var isNone: Bool { share == 0 && allow.isEmpty && allowFile == nil }

    /// Whether every key is in, as far as can be told without reading files.
    package var isAll: Bool { everything || (share == 10_000 && deny.isEmpty && denyFile == nil) }

    /// Hundredths of a percent of all keys that are in without being listed.
    package var share: UInt32 { everything ? 10_000 : percentTimes100 }

    // MARK: - Changes

    /// Each key is in from now on.
    package mutating func add(_ keys: [Key]) {
        deny.removeAll { keys.contains($0) }
        if share == 10_000 { return }
        var seen = Set(allow)
        for key in keys where seen.insert(key).inserted { allow.append(key) }
    }

    /// Each key is out from now on: denied where a percentage or a file would still let it in.
    package mutating func remove(_ keys: [Key]) {
        allow.removeAll { keys.contains($0) }
        if everything { setShare(10_000) }
        guard share > 0 || allowFile != nil else { return }
        var seen = Set(deny)
        for key in keys where seen.insert(key).inserted { deny.append(key) }
    }

    /// Keys that are not listed are in by their cohort's bucket, hundredths of a percent.
    package mutating func setShare(_ percentTimes100: UInt32) {
        everything = false
        self.percentTimes100 = min(percentTimes100, 10_000)
    }

    // MARK: - Differences

    /// Whether a key may be in this that is not in `other`. Files of keys that differ by name count as different.
    package func mayGain(over other: KeySelection) -> Bool {
        if share > other.share { return true }
        let known = Set(other.allow)
        let otherDenied = Set(other.deny)
        if allow.contains(where: { !known.contains($0) && (other.share < 10_000 || otherDenied.contains($0)) }) {
            return true
        }
        if !everything, other.deny.contains(where: { !deny.contains($0) }), share > 0 || !allow.isEmpty {
            return true
        }
        if everything, !other.deny.isEmpty || other.denyFile != nil { return true }
        return allowFile != nil && allowFile != other.allowFile || other.denyFile != nil && denyFile != other.denyFile
    }
}
