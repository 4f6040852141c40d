/// A set of gray keys as people write it: what a switch file says, and what a command changes. `GraySet` is the same
/// set, built for looking keys up.
package struct KeySelection: Sendable, Equatable {
    /// A gray key as it is written in a switch file, by its components. Keys are bytes: two texts that look the same
    /// may be two keys.
    package struct Key: Sendable, Hashable, ExpressibleByArrayLiteral {
        package let components: [String]

        package init(_ components: [String]) { self.components = components }

        package init(arrayLiteral components: String...) { self.components = components }

        /// For a person.
        var text: String { components.joined(separator: ",") }

        package static func == (one: Key, other: Key) -> Bool {
            one.components.elementsEqual(other.components) { $0.utf8.elementsEqual($1.utf8) }
        }

        package func hash(into hasher: inout Hasher) {
            for var component in components {
                hasher.combine(component.utf8.count)
                component.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            }
        }
    }

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

    /// Whether a key may be in this that is not in `other`.
    ///
    /// - Parameter trustsFiles: whether a file of keys in the place of another one is taken to have no key more; else
    ///   they count as different where their names are.
    package func mayGain(over other: KeySelection, trustsFiles: Bool = false) -> Bool {
        if isNone || other.isAll { return false }
        if share > other.share { return true }
        let (listed, known) = (Set(allow), Set(other.allow))
        let (denied, otherDenied) = (Set(everything ? [] : deny), Set(other.deny))
        if listed.contains(where: { !known.contains($0) && (other.share < 10_000 || otherDenied.contains($0)) }) {
            return true
        }
        let takesUnlisted = share > 0 || allowFile != nil
        if otherDenied.contains(where: { !denied.contains($0) && (takesUnlisted || listed.contains($0)) }) {
            return true
        }
        if let allowFile, other.share < 10_000, !Self.isSame(allowFile, other.allowFile) {
            if !trustsFiles || other.allowFile == nil { return true }
        }
        guard other.denyFile != nil, !Self.isSame(denyFile, other.denyFile) else { return false }
        return !trustsFiles || denyFile == nil
    }

    /// The same keys, in whatever order they are listed: a tool that sorts a file changes nothing.
    package static func == (one: KeySelection, other: KeySelection) -> Bool {
        one.everything == other.everything && one.percentTimes100 == other.percentTimes100
            && areEqual(one.deny, other.deny) && areEqual(one.allow, other.allow)
            && isSame(one.denyFile, other.denyFile) && isSame(one.allowFile, other.allowFile)
    }

    private static func areEqual(_ one: [Key], _ other: [Key]) -> Bool { one == other || Set(one) == Set(other) }

    /// Whether two names of files are the same bytes.
    static func isSame(_ one: String?, _ other: String?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return one.utf8.elementsEqual(other.utf8)
    }
}
