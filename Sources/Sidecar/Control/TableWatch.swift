import Logging
import Migration
import Stores

/// Looks at the tables of all migrations now and then, and tells what has changed since the start: a trigger, an index
/// or a column that nobody has checked. Confined to the admin loop.
final class TableWatch {
    private struct Table {
        let migration: Int
        let configuration: StoreConfiguration
        /// Nil while it could not be read.
        var first: SQLiteTableShape?
        var changes: [String] = []
    }

    private var tables: [Table]
    private let logger: Logger

    init(_ configuration: Configuration, logger: Logger) {
        self.logger = logger
        tables = configuration.migrations.enumerated().flatMap { index, migration in
            [migration.records?.old, migration.records?.new].compactMap { $0 }.map {
                Table(migration: index, configuration: $0)
            }
        }
    }

    /// Every change is logged once.
    func look() {
        for index in tables.indices {
            guard let now = SQLiteTableShape.read(tables[index].configuration) else { continue }
            guard let first = tables[index].first else {
                tables[index].first = now
                continue
            }
            let changes = first.changes(to: now)
            for change in changes where !tables[index].changes.contains(change) {
                logger.warning(
                    "\(change) It was not checked: look at it, run switchover check, and restart the sidecar")
            }
            tables[index].changes = changes
        }
    }

    /// As the last look found them.
    func changes(of migration: Int) -> [String] { tables.filter { $0.migration == migration }.flatMap(\.changes) }
}
