import Migration
package import SwitchoverProtocol

/// What `init-switches` writes where there is no switch file: what the running sidecar says, or else the newest change
/// on record, and `idle` only for a migration that never had switches. Pure.
///
/// A command's change is put on record before it is made, so that the newest one on record may never have been made. A
/// running sidecar knows. Where none answers, a person who knows better can say so.
package struct InitialSwitches {
    /// Who said so.
    enum Source: Equatable {
        case sidecar
        /// With what the newest change came from, where that change may not have been made.
        case audit(before: SwitchEntry?)
        /// A person: the newest change on record was not made.
        case person
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
    private let path: String

    /// - Parameters:
    ///   - migrations: of the configuration.
    ///   - running: what a running sidecar says; empty where none answers.
    ///   - notMade: migrations whose newest change on record was not made, as a person says.
    package init(
        path: String, migrations: [String], running: [Switchover_V1_MigrationStatus], notMade: [String]
    ) throws {
        if let unknown = notMade.first(where: { !migrations.contains($0) }) {
            throw Refusal(description: "--not-made: the configuration has no migration \"\(unknown)\"")
        }
        let audit = AuditFile(switchFile: path)
        self.path = path
        choices = try migrations.map { name in
            let status = running.first { $0.migration == name }
            return try Self.choice(
                name, running: status.flatMap(Self.last), try audit.newest(of: name), audit.path,
                LeftSwitches(switchFile: path, name), isNotMade: notMade.contains(name))
        }
    }

    /// The sidecar that works with a switch file, in words; nil where there is none.
    package static func owner(ofSwitchFile path: String) -> String? { OwnerLock.owner(of: path)?.sentence }

    /// What the switch file said last. A change on its way was in it, and the sidecar would take an older epoch for a
    /// step back.
    private static func last(_ status: Switchover_V1_MigrationStatus) -> SwitchEntry? {
        if status.hasLastInFile { return SwitchEntry(status.lastInFile) }
        return status.hasInForce ? SwitchEntry(status.inForce) : nil
    }

    static func choice(
        _ migration: String, running: SwitchEntry?, _ record: AuditFile.Newest, _ audit: String,
        _ left: LeftSwitches = .none, isNotMade: Bool
    ) throws(Refusal) -> Choice {
        if let running { return Choice(migration: migration, entry: running, source: .sidecar) }
        guard record.unreadable == 0 else {
            throw Refusal(
                description: """
                    \(audit) has \(record.unreadable) lines that cannot be read after the newest change of \
                    \(migration): what was in force last is not known, and idle could hide records that were inserted \
                    into new. Put the switch file back from a copy; or correct or remove those lines, and repeat this
                    """)
        }
        let wasInForce = left.inForce?.epoch ?? 0
        guard (record.entry?.after.epoch ?? 0) >= wasInForce else {
            throw Refusal(
                description: """
                    epoch \(wasInForce) of \(migration) was in force by \(left.source), and \(audit) does not say what \
                    it was. Put switch file and audit file back from a copy, or write the switch file by hand with an \
                    epoch higher than \(wasInForce). Only where \(migration) begins anew, with nothing on new: remove \
                    \(left.source), and repeat this
                    """)
        }
        let doubtful = record.entry.flatMap { entry in
            entry.origin.isCommand && entry.after.epoch > wasInForce ? entry.before : nil
        }
        if isNotMade {
            guard let doubtful else {
                throw Refusal(
                    description: "--not-made: the newest change of \(migration) in \(audit) is no command's; what it "
                        + "says was in force")
            }
            return Choice(migration: migration, entry: doubtful, source: .person)
        }
        if let entry = record.entry?.after {
            return Choice(migration: migration, entry: entry, source: .audit(before: doubtful))
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

    /// What was written, for each migration.
    package var sentences: [String] {
        choices.map { choice in
            let whose =
                switch choice.source {
                case .sidecar: ", as the running sidecar has it"
                case .audit: ", as the audit file has it"
                case .person: ", which the newest change on record came from"
                case .nobody: ""
                }
            return "\(choice.migration) at \(Self.name(choice.entry))\(whose)"
        }
    }

    /// Which choice there was, and how to choose otherwise.
    package var doubts: [String] {
        choices.compactMap { choice in
            guard case .audit(let before?) = choice.source else { return nil }
            return """
                No sidecar answers, so it is not known whether the newest change of \(choice.migration) on record was \
                made. If its command failed, or its process was killed meanwhile, \(Self.name(before)) was in force: \
                remove \(path), then switchover init-switches --not-made \(choice.migration)
                """
        }
    }

    private static func name(_ entry: SwitchEntry) -> String { "phase \(entry.state.phase.name), epoch \(entry.epoch)" }
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
        deny = set.deny.map { Key($0.components) }
        denyFile = set.denyFile.isEmpty ? nil : set.denyFile
        allow = set.allow.map { Key($0.components) }
        allowFile = set.allowFile.isEmpty ? nil : set.allowFile
        percentTimes100 = set.percentTimes100
    }
}
