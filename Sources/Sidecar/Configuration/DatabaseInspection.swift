import Migration
import Stores

/// One look at the databases that a configuration names, for people: what `serve` would find out.
package enum DatabaseInspection {
    package static func problems(of configuration: Configuration) -> [Diagnostic] {
        configuration.migrations.flatMap { migration in
            Side.allCases.compactMap { problem(of: $0, migration, configuration) }
        }
    }

    private static func problem(
        of side: Side, _ migration: MigrationConfiguration, _ configuration: Configuration
    ) -> Diagnostic? {
        guard let records = migration.records else { return nil }
        do {
            try SQLiteStore.inspect(side == .old ? records.old : records.new)
            return nil
        } catch {
            let path = ["migrations", migration.name, "records", "\(side.name)"]
            let place = Place(
                file: configuration.file, line: configuration.document.line(of: path[...]),
                path: path.joined(separator: "."))
            return Diagnostic(place: place, problem: error.description)
        }
    }
}
