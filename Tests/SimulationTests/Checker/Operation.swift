/// What clients asked of one record and were answered, with the times of both.
struct Operation: CustomStringConvertible {
    enum Kind: Equatable {
        case find
        /// Adds, and answers what the record has then.
        case change(Int64)
        case save(Int64)
        case add(Int64)
        case remove
        /// Gives the record that amount, its next version and perhaps another store, if it has this version
        /// (`StoredEntry`).
        case assign(Int64, ifVersion: Int64?, store: String?)
        /// The same, or the first version of a record that is not there.
        case upsert(Int64)

        var name: String {
            switch self {
            case .find: "find"
            case .change, .assign: "change"
            case .save, .upsert: "save"
            case .add: "add"
            case .remove: "remove"
            }
        }
    }

    enum Result: Equatable {
        /// Done; the value that the record had then, where the answer says it.
        case done(Int64?)
        case absent
        case exists
        /// It has another version.
        case conflict
        /// It has another store than the request says.
        case elsewhere
        /// Nothing was written, and nothing is known.
        case refused
        /// The same, for a reason that a side has.
        case rejected
        /// It may have been made, or may be made later, or never.
        case unknown
    }

    /// The call's number; of a row, its list's.
    let call: Int
    let client: Int
    let record: Int64
    var kind: Kind
    let began: UInt64
    /// When the answer came; .max: never.
    var ended: UInt64 = .max
    var result = Result.unknown
    var note = ""
    /// Values are those of databases (`StoredEntry`).
    var isStored = false
    /// The store that the request says the record has.
    var store: String?
    /// A row of a list, or its absence there.
    var isListed = false

    /// What was known of it at that time.
    func cut(at end: UInt64) -> Operation {
        var cut = self
        if ended >= end { (cut.ended, cut.result) = (.max, .unknown) }
        return cut
    }

    var isWrite: Bool { kind != .find }
    /// A write that may have been made, on one side or on both.
    var isLost: Bool { isWrite && result == .unknown }

    /// What the record is afterwards, if the result may come of it as it was; nil: it may not.
    func after(_ value: Int64?) -> Int64?? {
        if let store, let value, result != .refused, StoredEntry(state: value).store != store {
            return elsewhere(value)
        }
        switch (kind, result) {
        case (_, .refused), (_, .rejected): return .some(value)
        // A request that names no store is sent with the one that was looked up, which another write may have changed.
        case (_, .elsewhere) where store == nil: return .some(value)
        case (.find, .done(let seen)): return seen == value ? .some(value) : nil
        case (.find, .absent): return value == nil ? .some(nil) : nil
        case (.find, _): return .some(value)
        case (.change(let by), .done(let seen)):
            guard let value, seen == nil || seen == value + by else { return nil }
            return .some(value + by)
        case (.change, .absent): return value == nil ? .some(nil) : nil
        case (.change(let by), .unknown): return .some(value.map { $0 + by })
        case (.save(let to), .done), (.save(let to), .unknown): return .some(to)
        case (.add(let to), .done): return value == nil ? .some(to) : nil
        case (.add, .exists): return value == nil ? nil : .some(value)
        case (.add(let to), .unknown): return .some(value ?? to)
        case (.assign(let cents, let version, let store), _): return assigned(value, cents, version, store)
        case (.upsert(let cents), .done(let seen)):
            let next = following(value, cents, store)
            return seen == next ? .some(next) : nil
        case (.upsert(let cents), .unknown): return .some(following(value, cents, store))
        case (.remove, .done(let seen)): return value == nil || (seen != nil && seen != value) ? nil : .some(nil)
        case (.remove, .absent): return value == nil ? .some(nil) : nil
        case (.remove, .unknown): return .some(nil)
        default: return nil
        }
    }

    /// Of a record that is of another store than the request says: it is not there for it.
    private func elsewhere(_ value: Int64) -> Int64?? {
        switch (kind, result) {
        case (_, .elsewhere), (_, .unknown), (.find, .absent), (.assign, .absent), (.remove, .absent):
            return .some(value)
        default: return nil
        }
    }

    private func assigned(_ value: Int64?, _ cents: Int64, _ version: Int64?, _ store: String?) -> Int64?? {
        guard let value else { return result == .absent || result == .unknown ? .some(nil) : nil }
        let isConflict = version.map { $0 != StoredEntry(state: value).version } ?? false
        let next = following(value, cents, store)
        switch result {
        case .conflict: return isConflict ? .some(value) : nil
        case .unknown: return .some(isConflict ? value : next)
        case .done(let seen): return !isConflict && seen == next ? .some(next) : nil
        default: return nil
        }
    }

    /// - Parameter store: nil: it stays.
    private func following(_ value: Int64?, _ cents: Int64, _ store: String?) -> Int64 {
        let present = value.map { StoredEntry(state: $0) }
        return StoredEntry(
            cents: cents, store: store ?? present?.store ?? Scenario.store(of: record),
            version: (present?.version ?? 0) + 1
        ).state
    }

    var description: String {
        let end = ended == .max ? "never" : "\(Double(ended / 1000) / 1000)"
        let times = "[\(Double(began / 1000) / 1000) ms, \(end)]"
        let said = store.map { " of \($0)" } ?? ""
        return "call \(call) client \(client) record \(record)\(said) \(kind) -> \(resultText) \(times) \(note)"
    }

    private var resultText: String {
        guard isStored, case .done(let state?) = result else { return "\(result)" }
        return "\(StoredEntry(state: state))"
    }
}

/// Whether one record's history is linearizable (Wing and Gong, with the memo of Lowe): some order of the operations in
/// which each takes effect between its beginning and its end gives every result. One of unknown outcome may take effect
/// at any time after its beginning, or never.
enum Linearizability {
    /// Nil: it cannot be decided in the steps that there are.
    ///
    /// - Parameter initial: what the record was before.
    static func holds(_ operations: [Operation], initial: Int64?) -> Bool? {
        let all = operations.filter {
            $0.result != .refused && $0.result != .rejected && !($0.kind == .find && $0.result == .unknown)
        }
        .sorted { $0.began < $1.began }
        precondition(all.count <= Done.limit, "too many operations of one record")
        var search = Search(all: all)
        let holds = search.holds(Done(), initial)
        return search.isCutOff ? nil : holds
    }

    /// A set of positions.
    private struct Done: Hashable {
        static let limit = 4 * UInt64.bitWidth
        private var words: InlineWords = (0, 0, 0, 0)
        private typealias InlineWords = (UInt64, UInt64, UInt64, UInt64)

        func contains(_ index: Int) -> Bool { self[index >> 6] & (1 << UInt64(index & 63)) != 0 }

        func with(_ index: Int) -> Done {
            var next = self
            next[index >> 6] |= 1 << UInt64(index & 63)
            return next
        }

        private subscript(word: Int) -> UInt64 {
            get {
                switch word {
                case 0: words.0
                case 1: words.1
                case 2: words.2
                default: words.3
                }
            }
            set {
                switch word {
                case 0: words.0 = newValue
                case 1: words.1 = newValue
                case 2: words.2 = newValue
                default: words.3 = newValue
                }
            }
        }

        static func == (one: Done, other: Done) -> Bool { one.words == other.words }

        func hash(into hasher: inout Hasher) {
            for word in 0..<4 { hasher.combine(self[word]) }
        }
    }

    private struct Seen: Hashable {
        let done: Done
        let value: Int64?
    }

    private struct Search {
        static let stepsAtMost = 300_000
        let all: [Operation]
        var seen: Set<Seen> = []
        var isCutOff = false

        mutating func holds(_ done: Done, _ value: Int64?) -> Bool {
            guard seen.count < Self.stepsAtMost else {
                isCutOff = true
                return true
            }
            guard seen.insert(Seen(done: done, value: value)).inserted else { return false }
            var firstEnd = UInt64.max
            var isOver = true
            for (index, operation) in all.enumerated() {
                guard operation.began <= firstEnd else { break }
                guard operation.result != .unknown, !done.contains(index) else { continue }
                isOver = false
                firstEnd = min(firstEnd, operation.ended)
            }
            if isOver { return true }
            for (index, operation) in all.enumerated() {
                guard operation.began <= firstEnd else { break }
                guard !done.contains(index), let next = operation.after(value) else { continue }
                if holds(done.with(index), next) { return true }
            }
            return false
        }
    }
}
