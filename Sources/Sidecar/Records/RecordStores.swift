import Migration
import Stores

/// The stores of all migrations that move records, opened once a process; workers share them.
struct RecordStores {
    private var stores: [[SQLiteStore?]] = []

    /// Opens them all; the first that cannot be opened ends the start.
    init(_ configuration: Configuration) throws {
        for migration in configuration.migrations {
            stores.append([
                try Self.open(migration.records?.old), try Self.open(migration.records?.new),
            ])
        }
    }

    func store(_ side: Side, migration: Int) -> SQLiteStore? { stores[migration][Int(side.rawValue)] }

    /// Ends one side's after it has done what was asked of it; does nothing where there is none.
    func close(_ side: Side, migration: Int) { store(side, migration: migration)?.close() }

    /// Ends them after they have done what was asked of them.
    func close() {
        for store in stores.joined() { store?.close() }
    }

    private static func open(_ records: RecordsConfiguration.Records?) throws -> SQLiteStore? {
        guard case .store(let configuration) = records else { return nil }
        return try SQLiteStore(configuration)
    }
}
