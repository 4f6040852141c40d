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
            found = try reader.read(
                try FileContent.read(configuration.switches, limit: SwitchFileReader.fileBytesAtMost)
            ).summaries
        } catch let error as FileFailure {
            failure = (error.isMissing, error.isMissing ? nil : error.description)
        } catch {
            failure = (false, "\(error)")
        }
        summaries = found
        warnings = reader.warnings
        (isMissing, problem) = failure
    }
}
