import Logging
import Migration
import Stores

/// Looks at the tables of all migrations now and then, and tells what has changed since the start: a trigger, an index
/// or a column that nobody has checked, and a file that was replaced. Confined to the control loop.
final class TableWatch {
    private struct Table {
        let migration: Int
        let store: any Store
        /// Nil while it could not be read.
        var first: TableShape?
        var changes: [String] = []
        /// Why everything is refused, as it was logged last.
        var problem: String?
    }

    private var tables: [Table]
    private let logger: Logger

    init(_ stores: RecordStores, migrations: Int, logger: Logger) {
        self.logger = logger
        tables = (0..<migrations).flatMap { index in
            Side.allCases.compactMap { stores.store($0, migration: index) }.map { Table(migration: index, store: $0) }
        }
    }

    /// Every change is logged once.
    func look() {
        for index in tables.indices {
            guard let now = tables[index].store.shape() else { continue }
            guard let first = tables[index].first else {
                tables[index].first = now
                continue
            }
            let changes = first.changes(to: now)
            for change in changes where !tables[index].changes.contains(change) {
                logger.warning(
                    "\(change) The sidecar uses the table as it is now: see that it is meant, and run switchover check"
                )
            }
            tables[index].changes = changes
        }
    }

    /// Logs once which database cannot be used, and when it can be again. Cheap: no table is read.
    func lookAtFiles() {
        for index in tables.indices {
            let store = tables[index].store
            let problem = store.problem
            guard problem != tables[index].problem else { continue }
            tables[index].problem = problem
            if let problem {
                logger.error("every call to \(store.configuration.path) is refused: \(problem)")
            } else {
                logger.notice("\(store.configuration.path) can be used again")
            }
        }
    }

    /// As the last look found them.
    func changes(of migration: Int) -> [String] { tables.filter { $0.migration == migration }.flatMap(\.changes) }
}
