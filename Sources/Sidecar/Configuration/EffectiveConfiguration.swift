import Logging
import Migration
import WireFormat

/// The configuration in force: the file with the command line's options and all defaults in it, and without secrets.
/// It is written as JSON, hence as YAML, and could be served again.
struct EffectiveConfiguration {
    private let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    var text: String { node.json(depth: 5) + "\n" }

    private var node: DocumentNode {
        var node = configuration.document
        for (key, value) in process { node = node.setting(key, to: value) }
        let upstreams = (0..<configuration.upstreams.count + configuration.databases.count).map(upstream)
        node = node.setting("upstreams", to: .mapping(upstreams))
        var migrations = node["migrations"] ?? .mapping([])
        for migration in configuration.migrations {
            guard let written = migrations[migration.name] else { continue }
            migrations = migrations.setting(migration.name, to: Self.complete(written, migration))
        }
        return node.setting("migrations", to: migrations).asJSON.masked
    }

    private var process: [(String, DocumentNode)] {
        let limits = Limits.settings.map { (key: $0.name, value: DocumentNode.text($0.text(in: configuration.limits))) }
        let drain = configuration.drain
        let duration = { (nanoseconds: UInt64) in DocumentNode.text(Quantity.format(nanoseconds, as: .duration)) }
        return [
            ("listen", .text("\(configuration.listen)")),
            ("stats", .text(configuration.stats.map { "\($0)" } ?? "off")),
            ("control", .text(configuration.control)),
            ("switches", .text(configuration.switches)),
            ("workers", .literal("\(configuration.workers)")),
            ("allow_remote", .literal("\(configuration.allowRemote)")),
            (
                "pass_through",
                .text(configuration.passThrough.map { configuration.migrations[$0.migrationIndex].name } ?? "off")
            ),
            ("limits", .mapping(limits)),
            (
                "log",
                .mapping([
                    ("level", .text(configuration.log.level.rawValue)),
                    ("format", .text(configuration.log.format.rawValue)),
                ])
            ),
            ("access_log", .mapping([("sample", .literal("\(configuration.accessLogSample)"))])),
            (
                "drain",
                .mapping([("delay", duration(drain.delayNanoseconds)), ("timeout", duration(drain.timeoutNanoseconds))])
            ),
        ]
    }

    private func upstream(_ index: Int) -> (key: String, value: DocumentNode) {
        if index < configuration.upstreams.count {
            let upstream = configuration.upstreams[index]
            return (upstream.name, .mapping([("address", .text("\(upstream.address)"))]))
        }
        let database = configuration.databases[index - configuration.upstreams.count]
        return (database.name, .mapping([("sqlite", .text(database.path))]))
    }

    /// What a migration leaves to the defaults.
    private static func complete(_ written: DocumentNode, _ migration: MigrationConfiguration) -> DocumentNode {
        var node = written.setting("gray_fallback", to: .literal("\(migration.grayFallback)"))
        if let write = migration.methods.compactMap(\.write).first {
            node = node.setting("inserts", to: .text(write.inserts.name))
            node = node.setting("insert_guard", to: .literal("\(write.guardsInserts)"))
        }
        guard var methods = node["methods"] else { return node }
        for method in migration.methods where method.plan.kind != .passThrough {
            for name in [method.name, "\(method.service)/\(method.name)"] {
                guard var written = methods[name] else { continue }
                let timeout = Quantity.format(method.plan.timeoutNanoseconds, as: .duration)
                if method.plan.kind != .multiQuery {
                    written = written.setting("absent", to: .text(method.plan.absent.name))
                }
                methods = methods.setting(name, to: written.setting("timeout", to: .text(timeout)))
            }
        }
        return node.setting("methods", to: methods)
    }
}

extension DocumentNode {
    /// With quotes around every text that JSON would not take bare.
    fileprivate var asJSON: DocumentNode {
        switch content {
        case .scalar(let text, isQuoted: false) where text.isEmpty: .literal("null")
        case .scalar(let text, isQuoted: false) where Self.isBare(text): self
        case .scalar(let text, _): .text(text)
        case .sequence(let nodes): DocumentNode(.sequence(nodes.map(\.asJSON)))
        case .mapping(let entries): .mapping(entries.map { ($0.key, $0.value.asJSON) })
        }
    }

    private static func isBare(_ text: String) -> Bool {
        (try? JSONDocument.parse(Array(text.utf8), file: "")).map { $0.scalar == text } ?? false
    }

    private static let secretKeys: Set<String> = ["password", "passphrase", "secret"]

    /// Without passwords: neither those that stand under their name nor those within addresses.
    var masked: DocumentNode {
        switch content {
        case .scalar(let text, let isQuoted):
            DocumentNode(.scalar(Self.masked(text), isQuoted: isQuoted))
        case .sequence(let nodes): DocumentNode(.sequence(nodes.map(\.masked)))
        case .mapping(let entries):
            .mapping(entries.map { ($0.key, Self.secretKeys.contains($0.key) ? .text("***") : $0.value.masked) })
        }
    }

    /// `scheme://user:password@host` without the password.
    private static func masked(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].lastIndex(of: "@"),
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        else { return text }
        return text[...colon] + "***" + text[at...]
    }
}
