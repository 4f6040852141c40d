import EventLoop
import Logging
import Migration
import Stores

/// One look at the databases that a configuration names, for people: what `serve` would find out, and what calls would.
package struct DatabaseInspection {
    /// What makes calls fail.
    package private(set) var problems: [Diagnostic] = []
    /// What somebody has to know.
    package private(set) var warnings: [Diagnostic] = []

    package init(of configuration: Configuration, _ switches: SwitchFileInspection) {
        for (index, migration) in configuration.migrations.enumerated() {
            guard let records = migration.records else { continue }
            let phase = switches.summaries.indices.contains(index) ? switches.summaries[index]?.phase : nil
            // From here on nothing is written on old.
            let isOldRetired = phase == .finished || phase == .retired
            let inspection = SQLiteInspection(
                old: records.old, new: records.new, retired: isOldRetired ? [.old] : [])
            for finding in inspection.findings() {
                let path = ["migrations", migration.name, "records", "\(finding.side.name)"]
                let place = Place(
                    file: configuration.file, line: configuration.document.line(of: path[...]),
                    path: path.joined(separator: "."))
                let diagnostic = Diagnostic(place: place, problem: finding.words)
                if finding.weight == .error { problems.append(diagnostic) } else { warnings.append(diagnostic) }
            }
        }
    }

    /// Logs once, on a thread of its own, what `check` says. Nobody waits for it: it reads for seconds where tables
    /// are large.
    static func log(_ configuration: Configuration, to logger: Logger) {
        guard configuration.migrations.contains(where: { $0.records != nil }) else { return }
        do {
            let thread = try SystemThread(name: "inspection") {
                let found = DatabaseInspection(of: configuration, SwitchFileInspection(of: configuration))
                for problem in found.problems { logger.error("\(problem)") }
                for warning in found.warnings { logger.warning("\(warning)") }
            }
            thread.leave()
        } catch {
            logger.warning("the databases are not inspected: \(error); run switchover check")
        }
    }
}
