import Migration
package import SwitchoverProtocol

/// What `init-switches` writes where there is no switch file: what is in force or was so last, and `idle` only for a
/// migration that never had switches. Pure.
package struct InitialSwitches {
    /// Who said so.
    package enum Source: Sendable {
        case sidecar
        case audit
        /// Nobody: the migration is new.
        case nobody
    }

    /// Why no file can be written, and what to do.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    struct Choice: Equatable {
        let migration: String
        let entry: SwitchEntry
        let source: Source
    }

    let choices: [Choice]

    /// - Parameters:
    ///   - migrations: of the configuration.
    ///   - running: what a running sidecar has in force; empty where none answers.
    package init(
        path: String, migrations: [String], running: [Switchover_V1_MigrationStatus]
    ) throws {
        let audit = AuditFile(switchFile: path)
        choices = try migrations.map { name in
            let status = running.first { $0.migration == name && $0.hasInForce }
            return try Self.choice(
                name, inForce: status.flatMap { SwitchEntry($0.inForce) }, try audit.newest(of: name), audit.path)
        }
    }

    static func choice(
        _ migration: String, inForce: SwitchEntry?, _ record: AuditFile.Newest, _ audit: String
    ) throws(Refusal) -> Choice {
        // A change that is on record and not in force yet is on its way: the switch file had it already.
        if let entry = record.entry?.after, entry.epoch >= inForce?.epoch ?? 0, record.unreadable == 0 {
            return Choice(migration: migration, entry: entry, source: inForce == entry ? .sidecar : .audit)
        }
        if let inForce { return Choice(migration: migration, entry: inForce, source: .sidecar) }
        guard record.unreadable == 0 else {
            throw Refusal(
                description: """
                    \(audit) has \(record.unreadable) lines that cannot be read after the newest change of \
                    \(migration): what was in force last is not known, and idle could hide records that were inserted \
                    into new. Put the switch file back from a copy; or correct or remove those lines, and repeat this
                    """)
        }
        let idle = SwitchState(phase: .idle, enrolled: KeySelection(), gray: KeySelection())
        return Choice(migration: migration, entry: SwitchEntry(epoch: 1, state: idle), source: .nobody)
    }

    /// The switch file.
    package var text: String {
        let entries = choices.map { (key: $0.migration, value: $0.entry.node) }
        let root = DocumentNode.mapping([("version", .literal("1")), ("migrations", .mapping(entries))])
        return root.json(depth: 2) + "\n"
    }

    /// A sentence for each migration.
    package var sentences: [String] {
        choices.map { choice in
            let whose =
                switch choice.source {
                case .sidecar: ", as the running sidecar has it"
                case .audit: ", as the audit file has it"
                case .nobody: ""
                }
            return "\(choice.migration) at phase \(choice.entry.state.phase.name), epoch \(choice.entry.epoch)\(whose)"
        }
    }
}

extension SwitchEntry {
    /// Nil for what no switch file could say.
    init?(_ switches: Switchover_V1_Switches) {
        guard Self.epochs.contains(switches.epoch), let phase = Phase(name: switches.phase) else { return nil }
        self.init(
            epoch: switches.epoch,
            state: SwitchState(
                phase: phase, enrolled: KeySelection(switches.enrolled), gray: KeySelection(switches.gray)))
    }
}

extension KeySelection {
    init(_ set: Switchover_V1_GrayKeySet) {
        self.init(everything: set.everything)
        deny = set.deny.map(\.components)
        denyFile = set.denyFile.isEmpty ? nil : set.denyFile
        allow = set.allow.map(\.components)
        allowFile = set.allowFile.isEmpty ? nil : set.allowFile
        percentTimes100 = set.percentTimes100
    }
}
