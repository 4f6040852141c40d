/// One look at the switch file, for people: what it says, or why it cannot be used.
package struct SwitchFileInspection: Sendable {
    /// By the migration's position in the configuration; empty where the file cannot be used.
    package let summaries: [SwitchSummary?]
    package let warnings: [Diagnostic]
    package let isMissing: Bool
    /// Why it cannot be used; a missing file is no problem yet.
    package let problem: String?

    package init(of configuration: Configuration) {
        var reader = SwitchFileReader(path: configuration.switches, migrations: configuration.switchedMigrations)
        var found: [SwitchSummary?] = []
        var failure: (isMissing: Bool, problem: String?) = (false, nil)
        do {
            let snapshot = try reader.read(
                try FileContent.read(configuration.switches, limit: SwitchFileReader.fileBytesAtMost))
            found = snapshot.summaries
            failure = (false, Self.objection(to: snapshot, configuration))
        } catch let error as FileFailure {
            failure = (error.isMissing, error.isMissing ? nil : error.description)
        } catch {
            failure = (false, "\(error)")
        }
        summaries = failure.problem == nil ? found : []
        warnings = reader.warnings
        (isMissing, problem) = failure
    }

    /// What a sidecar would say that starts now; what is not on record is no objection.
    private static func objection(to found: SwitchSnapshot, _ configuration: Configuration) -> String? {
        let names = configuration.switchedMigrations.map(\.name)
        let audit = AuditFile(switchFile: configuration.switches)
        let onRecord = names.map { name in
            SwitchesBefore(
                audit: (try? audit.newest(of: name)) ?? AuditFile.Newest(),
                left: LeftSwitches(switchFile: configuration.switches, name)
            ).epoch
        }
        var file = SwitchFile(migrationNames: names, epochsOnRecord: onRecord)
        let decision = file.read(.usable(found.summaries), states: found.entries.map { $0?.state })
        guard case .notReady(let reason) = decision else { return nil }
        return "\(configuration.switches): \(reason)"
    }
}
