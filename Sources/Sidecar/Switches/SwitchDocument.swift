import Migration

/// The switch file as a text that commands change: what they do not concern, entries of migrations that the
/// configuration does not have included, stays as it is.
struct SwitchDocument: Sendable {
    private var root: DocumentNode

    /// - Parameter bytes: a file that `SwitchFileReader` has found right.
    init(_ bytes: [UInt8], file: String) throws(InvalidFile) { root = try JSONDocument.parse(bytes, file: file) }

    /// Nil where the file does not name the migration.
    func entry(of migration: String) -> SwitchEntry? { root["migrations"]?[migration].flatMap(SwitchEntry.init) }

    mutating func set(_ entry: SwitchEntry, of migration: String) {
        let migrations = root["migrations"] ?? .mapping([])
        root = root.setting("migrations", to: migrations.setting(migration, to: entry.node))
    }

    /// The file's text: a line for each migration's field.
    var text: String { root.json(depth: 3) + "\n" }
}

/// What a switch file says about one migration.
struct SwitchEntry: Sendable, Equatable {
    var epoch: UInt64
    var state: SwitchState

    init(epoch: UInt64, state: SwitchState) {
        self.epoch = epoch
        self.state = state
    }

    /// What the number of a change may be; the highest leaves room for the next.
    static let epochs: ClosedRange<UInt64> = 1...UInt64(Int64.max)

    /// Nil for what no switch file could say: the text may come from a file that nobody has checked.
    init?(_ node: DocumentNode) {
        guard let epoch = node["epoch"]?.scalar.flatMap(UInt64.init), Self.epochs.contains(epoch),
            let phase = node["phase"]?.scalar.flatMap(Phase.init(name:)),
            let enrolled = KeySelection(node: node["enrolled"]), let gray = KeySelection(node: node["gray"])
        else { return nil }
        self.epoch = epoch
        state = SwitchState(phase: phase, enrolled: enrolled, gray: gray)
    }

    var node: DocumentNode {
        .mapping([
            ("epoch", .literal("\(epoch)")), ("phase", .text(state.phase.name)), ("enrolled", state.enrolled.node),
            ("gray", state.gray.node),
        ])
    }
}

extension KeySelection {
    /// As a switch file writes it; a set that is left out is empty. Nil for what no set can be.
    init?(node: DocumentNode?) {
        self.init(everything: node?.scalar == "all")
        guard let node, case .mapping = node.content else { return }
        guard let deny = Self.keys(node["deny"]), let allow = Self.keys(node["allow"]) else { return nil }
        self.deny = deny
        denyFile = node["deny_file"]?.scalar
        self.allow = allow
        allowFile = node["allow_file"]?.scalar
        guard let percent = node["percent"] else { return }
        guard let times100 = percent.scalar.flatMap(Self.times100) else { return nil }
        percentTimes100 = times100
    }

    var node: DocumentNode {
        if everything { return .text("all") }
        var entries: [(key: String, value: DocumentNode)] = []
        if !deny.isEmpty { entries.append(("deny", Self.node(deny))) }
        if let denyFile { entries.append(("deny_file", .text(denyFile))) }
        if !allow.isEmpty { entries.append(("allow", Self.node(allow))) }
        if let allowFile { entries.append(("allow_file", .text(allowFile))) }
        if percentTimes100 > 0 { entries.append(("percent", .literal(Self.percent(percentTimes100)))) }
        return entries.isEmpty ? .text("none") : .mapping(entries)
    }

    private static func keys(_ node: DocumentNode?) -> [Key]? {
        guard let node else { return [] }
        guard case .sequence(let nodes) = node.content else { return nil }
        var keys: [Key] = []
        for node in nodes {
            switch node.content {
            case .scalar(let text, _): keys.append([text])
            case .sequence(let parts):
                let texts = parts.compactMap(\.scalar)
                guard texts.count == parts.count, !texts.isEmpty else { return nil }
                keys.append(Key(texts))
            case .mapping: return nil
            }
        }
        return keys
    }

    private static func node(_ keys: [Key]) -> DocumentNode {
        DocumentNode(
            .sequence(
                keys.map(\.components).map {
                    $0.count == 1 ? .text($0[0]) : DocumentNode(.sequence($0.map(DocumentNode.text)))
                }))
    }

    /// Of a number from 0 to 100 with at most two decimals, in hundredths; nil for anything else.
    static func times100(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : "0"
        let digits = parts.joined()
        guard parts.count <= 2, (1...2).contains(decimals.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let whole = UInt32(parts[0]), whole <= 100, let rest = UInt32(decimals)
        else { return nil }
        let value = whole * 100 + (decimals.count == 1 ? 10 : 1) * rest
        return value <= 10_000 ? value : nil
    }

    /// Of hundredths, without zeros at the end.
    static func percent(_ times100: UInt32) -> String {
        let (whole, rest) = times100.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return "\(whole)" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension SwitchState {
    /// Whether keys of it stand in files of their own.
    var namesLists: Bool { enrolled.namesList || gray.namesList }
}

extension KeySelection {
    /// Whether keys of it stand in a file of their own.
    var namesList: Bool { allowFile != nil || denyFile != nil }
}
