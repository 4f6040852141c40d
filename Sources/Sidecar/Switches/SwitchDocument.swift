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

    init?(_ node: DocumentNode) {
        guard let epoch = node["epoch"]?.scalar.flatMap(UInt64.init),
            let phase = node["phase"]?.scalar.flatMap(Phase.init(name:))
        else { return nil }
        self.epoch = epoch
        state = SwitchState(
            phase: phase, enrolled: KeySelection(node: node["enrolled"]), gray: KeySelection(node: node["gray"]))
    }

    var node: DocumentNode {
        .mapping([
            ("epoch", .literal("\(epoch)")), ("phase", .text(state.phase.name)), ("enrolled", state.enrolled.node),
            ("gray", state.gray.node),
        ])
    }
}

extension KeySelection {
    /// As a switch file writes it; a set that is left out is empty.
    init(node: DocumentNode?) {
        self.init(everything: node?.scalar == "all")
        guard let node, case .mapping = node.content else { return }
        deny = Self.keys(node["deny"])
        denyFile = node["deny_file"]?.scalar
        allow = Self.keys(node["allow"])
        allowFile = node["allow_file"]?.scalar
        percentTimes100 = node["percent"]?.scalar.map(Self.times100) ?? 0
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

    private static func keys(_ node: DocumentNode?) -> [Key] {
        guard case .sequence(let nodes)? = node?.content else { return [] }
        return nodes.map { node in
            if case .sequence(let parts) = node.content { return parts.compactMap(\.scalar) }
            return [node.scalar ?? ""]
        }
    }

    private static func node(_ keys: [Key]) -> DocumentNode {
        DocumentNode(
            .sequence(keys.map { $0.count == 1 ? .text($0[0]) : DocumentNode(.sequence($0.map(DocumentNode.text))) }))
    }

    /// Of a number with at most two decimals.
    private static func times100(_ text: String) -> UInt32 {
        let parts = text.split(separator: ".")
        let decimals = parts.count == 2 ? (parts[1] + "00").prefix(2) : "00"
        return (parts.first.flatMap { UInt32($0) } ?? 0) * 100 + (UInt32(decimals) ?? 0)
    }

    /// Of hundredths, without zeros at the end.
    static func percent(_ times100: UInt32) -> String {
        let (whole, rest) = times100.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return "\(whole)" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}
