/// Why a move of the switches is refused, and who may let it through all the same.
package enum MoveObstacle: Sendable, Equatable {
    case severalRungs(from: Phase, to: Phase, next: Phase)
    case severalStages(StageJump)
    case retired
    case forGood
    case oldMissedWrites
    case oldWillMissWrites
    case notVerified
    case dirtyRecords(UInt64)
    /// Nil where they could not be counted.
    case recordsOnNewOnly(NewOnlyRecords?)
    case grayNotEmpty
    case unlistedMethods([String])
    case newHoldsRecords
    case newNotCounted
    /// Why it is not known, where it is not.
    case leftBefore(unknown: String?)
    case notEnrolled([String], by: ChangedSet)
    /// The shares of gray and of enrolled, hundredths of a percent.
    case shareNotEnrolled(UInt32, UInt32, by: ChangedSet)
    case insertsOld
    /// Services of the migration that nobody has called, while others were called.
    case servicesNeverCalled([String])
    /// Services that are called and that no migration names.
    case servicesNotNamed([String])

    /// Which set a change alters so that gray is no longer within enrolled.
    package enum ChangedSet: Sendable, Equatable {
        case gray
        case enrolled
    }

    /// What a person must say for the move to be made in spite of it.
    package enum Waiver: Sendable, Equatable {
        /// Nothing helps.
        case none
        /// The migration's name, typed.
        case force
        /// The number of records that disappear from sight, typed.
        case hiddenRecords(UInt64)
        /// The number of dirty records, typed.
        case dirtyRecords(UInt64)
        /// That new holds no record of the migration.
        case newIsEmpty
    }

    package var waiver: Waiver {
        switch self {
        case .severalRungs, .severalStages, .retired, .grayNotEmpty, .notEnrolled, .shareNotEnrolled, .insertsOld,
            .newHoldsRecords:
            .none
        case .forGood, .oldMissedWrites, .oldWillMissWrites, .notVerified, .recordsOnNewOnly(nil),
            .unlistedMethods, .servicesNeverCalled, .servicesNotNamed:
            .force
        case .recordsOnNewOnly(let records?): .hiddenRecords(records.count)
        case .dirtyRecords(let count): .dirtyRecords(count)
        case .newNotCounted, .leftBefore: .newIsEmpty
        }
    }

    /// For scripts.
    package var name: String {
        switch self {
        case .severalRungs: "several-rungs"
        case .severalStages: "several-stages"
        case .retired: "retired"
        case .forGood: "for-good"
        case .oldMissedWrites: "old-missed-writes"
        case .oldWillMissWrites: "old-will-miss-writes"
        case .notVerified: "not-verified"
        case .dirtyRecords: "dirty-records"
        case .recordsOnNewOnly: "records-on-new-only"
        case .grayNotEmpty: "gray-not-empty"
        case .unlistedMethods: "unlisted-methods"
        case .newHoldsRecords: "new-holds-records"
        case .newNotCounted: "new-not-counted"
        case .leftBefore: "left-before"
        case .notEnrolled: "not-enrolled"
        case .shareNotEnrolled: "share-not-enrolled"
        case .insertsOld: "inserts-old"
        case .servicesNeverCalled: "service-never-called"
        case .servicesNotNamed: "service-not-named"
        }
    }

    /// What is wrong and what to do instead, for a person. `migration` is its name, as commands take it.
    package func sentence(_ migration: String) -> String { "\(reason) \(advice(migration))" }

    private var reason: String {
        switch self {
        case .severalRungs(let from, let to, _):
            "\(from.name) to \(to.name) is more than one rung of the ladder."
        case .severalStages(let jump):
            "\(jump.keys.isEmpty ? "Keys" : jump.keys.joined(separator: ", ")) would go from stage "
                + "\(jump.from.name) to \(jump.to.name) at once, over the stages between."
        case .retired: "Old is retired: its connections are closed and it has missed writes; there is no way back."
        case .forGood: "Retiring old is for good: there is no way back from it."
        case .oldMissedWrites: "Old has missed every write since the migration was finished and would be behind."
        case .oldWillMissWrites:
            "From then on old misses every write: there is no way back without copying them."
        case .notVerified: "Nothing has compared the two sides: records that only old has would disappear from sight."
        case .dirtyRecords(let count):
            "The two sides of \(count) \(count == 1 ? "record" : "records") may differ: a write of "
                + "\(count == 1 ? "it" : "each") reached one side only, or may have."
        case .recordsOnNewOnly(nil):
            "Records of these keys may be on new only (inserted there while inserts said new, or because old failed), "
                + "and they were not counted: old would not show them."
        case .recordsOnNewOnly(let records?) where records.count == 0:
            "No record of these keys is on new only just now, but inserts go there until the move is made."
        case .recordsOnNewOnly(let records?):
            "\(records.count) \(records.count == 1 ? "record" : "records") of these keys "
                + "\(records.count == 1 ? "is" : "are") on new only (\(records.examples.joined(separator: ", "))"
                + "\(records.count > UInt64(records.examples.count) ? ", ..." : "")): old would not show them."
        case .grayNotEmpty: "The gray set is not empty: its keys would go two rungs at once."
        case .unlistedMethods(let methods):
            "\(methods.joined(separator: ", ")) \(methods.count == 1 ? "was" : "were") called, and the configuration "
                + "does not say whether \(methods.count == 1 ? "it writes" : "they write")."
        case .newHoldsRecords: "New holds records of this migration that nobody has maintained."
        case .newNotCounted:
            "Whether new holds records already is not known: a gRPC service cannot be asked, a database did not answer."
        case .leftBefore(nil):
            "Keys have left the enrolled set before: what new still has of them is out of date."
        case .leftBefore(let why?):
            "Whether keys have left the enrolled set before is not known (\(why)): what new still has of such keys "
                + "would be out of date."
        case .notEnrolled(let keys, by: .gray):
            "\(keys.joined(separator: ", ")) \(keys.count == 1 ? "is" : "are") not enrolled: only enrolled keys can be "
                + "gray."
        case .notEnrolled(let keys, by: .enrolled):
            "\(keys.joined(separator: ", ")) \(keys.count == 1 ? "is" : "are") gray: a gray key must stay enrolled."
        case .shareNotEnrolled(let gray, let enrolled, by: .gray):
            "\(Self.percent(gray)) gray is more than the \(Self.percent(enrolled)) that are enrolled."
        case .shareNotEnrolled(let gray, let enrolled, by: .enrolled):
            "\(Self.percent(gray)) of the keys are gray, and \(Self.percent(enrolled)) would be enrolled: gray "
                + "keys must stay enrolled."
        case .insertsOld: "The configuration says inserts: old, so that no key may be read from new."
        case .servicesNeverCalled(let services):
            "\(services.joined(separator: ", ")) \(services.count == 1 ? "has" : "have") not been called since the "
                + "sidecar started, while other services were: is the name right?"
        case .servicesNotNamed(let services):
            "\(services.joined(separator: ", ")) \(services.count == 1 ? "is" : "are") called, and no migration names "
                + "\(services.count == 1 ? "it" : "them"): all calls of \(services.count == 1 ? "it" : "them") follow "
                + "the total switch, whatever the sets say."
        }
    }

    private func advice(_ migration: String) -> String {
        switch self {
        case .severalRungs(_, _, let next): "Go one at a time: switchover total \(migration) \(next.name)"
        case .severalStages(let jump):
            switch (jump.from, jump.to) {
            case (.old, .dualNew): "Make two changes of it, enrolled first and out of gray, then gray."
            case (.dualNew, .old):
                "Make two changes of it, the first: switchover gray \(migration) "
                    + (jump.keys.isEmpty ? "none" : "remove \(jump.keys.joined(separator: " "))")
            default: "Enrol them first: switchover enrol \(migration) all"
            }
        case .retired: "Start another migration to go back."
        case .forGood: "If nothing else uses old: --force \(migration)"
        case .oldMissedWrites:
            "Copy them back first. If old's state does not matter to you: --force \(migration)"
        case .oldWillMissWrites: "If new has proved itself: --force \(migration)"
        case .notVerified: "Compare them, then say so: --force \(migration)"
        case .dirtyRecords(let count):
            "The log names \(count == 1 ? "it" : "them") (\"the two sides of a record may differ\"): write "
                + "\(count == 1 ? "it" : "each") once more, or correct the sides and repeat the command with "
                + "--accept-dirty \(count)"
        case .recordsOnNewOnly(nil):
            "Stay enrolled, and nothing is lost: what old lacks is answered by new. Or copy them to old, then: "
                + "--force \(migration)"
        case .recordsOnNewOnly(let records?) where records.count == 0:
            "If nobody inserts records of these keys meanwhile, or such a record may disappear from sight: --force 0"
        case .recordsOnNewOnly(let records?):
            "Stay enrolled, and nothing is lost: what old lacks is answered by new. Or copy them to old and repeat "
                + "the command. Or let that many disappear from sight: --force \(records.count)"
        case .grayNotEmpty: "Empty it first: switchover gray \(migration) none"
        case .unlistedMethods:
            "Write each under methods as { kind: pass_through, effect: read } or { ..., effect: unsafe_write }. If "
                + "none of them writes: --force \(migration)"
        case .newHoldsRecords:
            "Look first whether old has them all: what new alone has would be lost. Then empty new's table."
        case .newNotCounted: "If it holds none: --new-is-empty"
        case .leftBefore: "Remove those keys' records from new, then say so: --new-is-empty"
        case .notEnrolled(let keys, by: .gray):
            "Enrol first: switchover enrol \(migration) add \(keys.joined(separator: " "))"
        case .notEnrolled(let keys, by: .enrolled):
            "Take \(keys.count == 1 ? "it" : "them") out of gray first: switchover gray \(migration) remove "
                + keys.joined(separator: " ")
        case .shareNotEnrolled(10_000, _, by: .gray): "Enrol first: switchover enrol \(migration) all"
        case .shareNotEnrolled(let gray, _, by: .gray):
            "Enrol first: switchover enrol \(migration) percent \(Self.number(gray))"
        case .shareNotEnrolled(_, 0, by: .enrolled): "Empty gray first: switchover gray \(migration) none"
        case .shareNotEnrolled(_, let enrolled, by: .enrolled):
            "Reduce gray first: switchover gray \(migration) percent \(Self.number(enrolled))"
        case .insertsOld: "Change it to inserts: new or both, and start the sidecar again."
        case .servicesNeverCalled(let services):
            "Compare the names with the .proto files: switchover check --descriptor FILE. If "
                + "\(services.count == 1 ? "it is" : "they are") right: --force \(migration)"
        case .servicesNotNamed(let services):
            "Write \(services.count == 1 ? "it" : "them") under services of \(migration) if \(migration) is to move "
                + "\(services.count == 1 ? "it" : "them"). If the calls are meant to pass: write pass_through: "
                + "\(migration) in the configuration and start the sidecar again, or say so now: --force \(migration)"
        }
    }

    private static func percent(_ times100: UInt32) -> String { "\(number(times100)) %" }

    /// Hundredths as a number, without zeros at the end.
    private static func number(_ times100: UInt32) -> String {
        times100.isMultiple(of: 100) ? "\(times100 / 100)" : "\(Double(times100) / 100)"
    }
}
