import Migration
import Stores

/// The stores of all migrations that move records, opened once a process; workers share them.
struct RecordStores {
    private var stores: [[(any Store)?]] = []

    /// Opens them all; the first that cannot be opened ends the start.
    init(_ configuration: Configuration) throws {
        for migration in configuration.migrations {
            stores.append([
                try migration.records?.old.open(), try migration.records?.new.open(),
            ])
        }
    }

    /// Nil for migrations that move services.
    func store(_ side: Side, migration: Int) -> (any Store)? { stores[migration][Int(side.rawValue)] }

    /// Where the sides of a migration are.
    func places(_ migration: MigrationConfiguration, at index: Int) -> SidePair<SidePlace> {
        func place(_ side: Side) -> SidePlace {
            store(side, migration: index).map { .store($0) } ?? .upstream(migration.upstream(side))
        }
        return SidePair(old: place(.old), new: place(.new))
    }

    /// One side's takes nothing more; does nothing where there is none. Returns at once.
    func fence(_ side: Side, migration: Int) { store(side, migration: migration)?.fence() }

    /// Ends them; what they have not begun is not begun.
    func close() {
        for store in stores.joined() { store?.close() }
    }
}
