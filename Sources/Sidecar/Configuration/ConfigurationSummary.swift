import Foundation
import Migration
import Stores
import WireFormat

/// What a configuration means, as `switchover check` prints it.
package struct ConfigurationSummary {
    private let configuration: Configuration
    private let switches: SwitchFileInspection

    package init(_ configuration: Configuration, _ switches: SwitchFileInspection) {
        self.configuration = configuration
        self.switches = switches
    }

    /// For a terminal.
    package var text: String {
        var sections = ["\(configuration.file) is right.", table(processRows)]
        sections += configuration.migrations.enumerated().map { index, migration in
            "migration \(migration.name)\n" + table(migrationRows(migration, switchText(index)), indent: "  ")
                + (migration.records.map { "\n\n" + FieldTable($0).text(indent: "  ") } ?? "")
        }
        let limits =
            changedLimits.isEmpty ? "all at their defaults" : changedLimits.map(limitText).joined(separator: ", ")
        sections.append(table([("other calls", otherCalls), ("limits", limits)]))
        return sections.joined(separator: "\n\n")
    }

    /// The same for programs; keys are stable.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // A tree of texts and numbers always encodes.
        guard let data = try? encoder.encode(document) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private var processRows: [(String, String)] {
        [
            ("listen", "\(configuration.listen)"),
            ("stats", configuration.stats.map { "\($0)" } ?? "off"),
            ("control", configuration.control),
            ("workers", "\(configuration.workers)"),
            (
                "switches",
                configuration.switches
                    + (switches.isMissing ? " (missing; create it with: switchover init-switches)" : "")
            ),
        ]
    }

    private func migrationRows(_ migration: MigrationConfiguration, _ switchText: String) -> [(String, String)] {
        let sides = Side.allCases.map { side in
            let upstream = configuration.describe(upstream: migration.upstream(side))
            return ("\(side.name)", "\(upstream.name) (\(upstream.target))" + recordsText(migration, side))
        }
        let methods = migration.methods.map {
            ($0.path, describe($0.plan) + ($0.write.map(describe) ?? "") + describe($0.query, of: migration))
        }
        let others = migration.services.map { ("/\($0)/*", describe(migration.otherMethods)) }
        return [("switches", switchText)] + sides + methods + others
    }

    /// Where a side's records are, for a migration that moves records.
    private func recordsText(_ migration: MigrationConfiguration, _ side: Side) -> String {
        guard let records = migration.records else { return "" }
        let store = side == .old ? records.old : records.new
        return ", table \(store.table), entity \(records.entity.name)"
    }

    /// Names and values below each other.
    private func table(_ rows: [(name: String, value: String)], indent: String = "") -> String {
        let width = (rows.map(\.name.count).max() ?? 0) + 2
        return rows.map { name, value in
            indent + name + String(repeating: " ", count: width - name.count) + value
        }.joined(separator: "\n")
    }

    private func describe(_ plan: CallPlan) -> String {
        switch plan.kind {
        case .singleQuery:
            return describeRouted(plan) + (plan.grayFallback ? "" : ", no fall-back to old")
        case .multiQuery, .update, .upsert, .insert, .delete:
            return describeRouted(plan)
        case .passThrough:
            let effect = plan.effect == .undeclared ? "not declared" : plan.effect.name
            return "pass_through, \(effect), follows the total switch (old before phase mirrored), not the gray switch"
        }
    }

    private func describeRouted(_ plan: CallPlan) -> String {
        let key = plan.key.map(keyText) ?? "none"
        let timeout = Quantity.format(plan.timeoutNanoseconds, as: .duration)
        return "\(plan.kind.name) by \(key), absent \(plan.absent.name), timeout \(timeout)"
    }

    /// What becomes of totals; records have none.
    private func describe(_ query: MultiQueryConfiguration?, of migration: MigrationConfiguration) -> String {
        guard let query, migration.records == nil else { return "" }
        switch query.plan.rest {
        case .dropped: return ", rest dropped: totals and other fields are not in merged answers"
        case .taken(let side): return ", rest \(side.name)"
        }
    }

    private func describe(_ write: WritePlan) -> String {
        let derived = [
            ("look_up", write.lookUp), ("put", write.put), ("put_or_insert", write.putOrInsert), ("erase", write.erase),
        ]
        let requests = derived.compactMap { name, request in request.map { ", \(name) \($0.path)" } }.joined()
        let immutable = write.isGrayKeyImmutable ? " (refused: immutable_gray_key)" : ""
        let newKey = write.newGrayKey.map { ", new gray key \(keyText($0))\(immutable)" } ?? ""
        return ", record key \(keyText(write.recordKey))\(newKey)\(requests)"
    }

    private func keyText(_ plan: KeyPlan) -> String {
        (0..<plan.count).map { index in
            let field = plan[index]
            return "\(field.path) \(field.type.name)" + (field.presence == .required ? " required" : "")
        }.joined(separator: " + ")
    }

    private func switchText(_ index: Int) -> String {
        guard switches.summaries.indices.contains(index), let summary = switches.summaries[index] else {
            return "unknown, calls are refused (no-switches)"
        }
        let sets = summary.phase == .migrating ? "; enrolled: \(summary.enrolled); gray: \(summary.gray)" : ""
        return "epoch \(summary.epoch), \(summary.phase.name)\(sets)"
    }

    private var otherCalls: String {
        guard let plan = configuration.passThrough else { return "UNIMPLEMENTED" }
        return "pass_through with migration \(configuration.migrations[plan.migrationIndex].name)"
    }

    private var changedLimits: [LimitSetting] {
        let defaults = Limits()
        return Limits.settings.filter { $0.read(configuration.limits) != $0.read(defaults) }
    }

    private func limitText(_ setting: LimitSetting) -> String {
        "\(setting.name) \(setting.text(in: configuration.limits)) (default \(setting.text(in: Limits())))"
    }
}

extension ConfigurationSummary {
    private struct Document: Encodable {
        let listen: String
        let stats: String
        let control: String
        let workers: Int
        let upstreams: [String: String]
        let switches: SwitchFileDocument
        let migrations: [MigrationDocument]
        let passThrough: String
        let changedLimits: [String: String]
        let warnings: [String]
    }

    private struct SwitchFileDocument: Encodable {
        let path: String
        let state: String
    }

    private struct MigrationDocument: Encodable {
        let name: String
        let old: String
        let new: String
        let services: [String]
        let methods: [MethodDocument]
        /// Of a migration of records.
        let fields: [FieldTable.Row]?
        let switches: SwitchDocument?
    }

    private struct MethodDocument: Encodable {
        let path: String
        let kind: String
        let grayKey: String?
        let absent: String?
        let timeout: String?
        let effect: String
    }

    private struct SwitchDocument: Encodable {
        let epoch: UInt64
        let phase: String
        let enrolled: String
        let gray: String
    }

    private var document: Document {
        Document(
            listen: "\(configuration.listen)", stats: configuration.stats.map { "\($0)" } ?? "off",
            control: configuration.control, workers: configuration.workers,
            upstreams: Dictionary(
                uniqueKeysWithValues: (0..<configuration.upstreams.count + configuration.databases.count).map { index in
                    let upstream = configuration.describe(upstream: index)
                    return (upstream.name, upstream.target)
                }),
            switches: SwitchFileDocument(
                path: configuration.switches,
                state: switches.isMissing ? "missing" : switches.problem == nil ? "read" : "broken"),
            migrations: configuration.migrations.enumerated().map(document),
            passThrough: configuration.passThrough.map { configuration.migrations[$0.migrationIndex].name } ?? "off",
            changedLimits: Dictionary(
                uniqueKeysWithValues: changedLimits.map { ($0.name, $0.text(in: configuration.limits)) }),
            warnings: (configuration.warnings + switches.warnings).map(\.description)
        )
    }

    private func document(_ index: Int, _ migration: MigrationConfiguration) -> MigrationDocument {
        let summary = switches.summaries.indices.contains(index) ? switches.summaries[index] : nil
        return MigrationDocument(
            name: migration.name, old: configuration.describe(upstream: migration.oldUpstream).name,
            new: configuration.describe(upstream: migration.newUpstream).name, services: migration.services,
            methods: migration.methods.map(document), fields: migration.records.map { FieldTable($0).rows },
            switches: summary.map {
                SwitchDocument(epoch: $0.epoch, phase: $0.phase.name, enrolled: $0.enrolled, gray: $0.gray)
            }
        )
    }

    private func document(_ method: MethodConfiguration) -> MethodDocument {
        let isRouted = method.plan.kind != .passThrough
        return MethodDocument(
            path: method.path, kind: method.plan.kind.name, grayKey: method.plan.key.map(keyText),
            absent: isRouted ? method.plan.absent.name : nil,
            timeout: isRouted ? Quantity.format(method.plan.timeoutNanoseconds, as: .duration) : nil,
            effect: method.plan.effect.name
        )
    }
}
