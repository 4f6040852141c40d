import EventLoop
import GRDB
import Synchronization
import WireFormat

/// The records of one entity in a table of a SQLite database.
///
/// One thread writes and a few read, each with a connection of its own; the database is in WAL mode, so that neither
/// waits for the other. What a write was answered is seen by every operation that is asked for after it.
final class SQLiteStore: Store {
    private struct Work: Sendable {
        let request: StoreRequest
        let completion: @Sendable (StoreReply) -> Void
    }

    let configuration: StoreConfiguration
    private let current: CurrentTable
    private let reads: WorkQueue<Work>
    private let writes: WorkQueue<Work>
    private let threads: [SystemThread]
    private let isFenced = Atomic<Bool>(false)
    /// Gives up whatever is under way.
    private let ending: StoreCancellation

    /// Opens the database, checks that the table is what the configuration says, and starts the threads.
    init(_ configuration: StoreConfiguration) throws(StoreOpeningFault) {
        self.configuration = configuration
        reads = WorkQueue(limit: configuration.limits.waiting)
        writes = WorkQueue(limit: configuration.limits.waiting)
        let file = DatabaseFile(configuration.path)
        let (writer, first) = try Self.opened(configuration)
        let current = CurrentTable(first, file: file)
        self.current = current
        var queues = [(writes, writer)]
        for _ in 0..<max(1, configuration.limits.readers) {
            queues.append((reads, try SQLiteSession.open(configuration, isReadOnly: true)))
        }
        if let problem = current.problem { throw StoreOpeningFault("\(configuration.path): \(problem)") }
        let ending = StoreCancellation()
        self.ending = ending
        var threads: [SystemThread] = []
        for (queue, database) in queues {
            do {
                threads.append(try SystemThread(name: "store") { Self.run(queue, database, current, ending) })
            } catch {
                reads.close()
                writes.close()
                for thread in threads { thread.join() }
                throw StoreOpeningFault("\(configuration.path): the system has no thread left for it: \(error)")
            }
        }
        self.threads = threads
    }

    deinit { close() }

    var columns: [ColumnTraits] { current.state.table.traits }

    func perform(_ request: StoreRequest, _ completion: @escaping @Sendable (StoreReply) -> Void) {
        let queue = request.operation.isWrite ? writes : reads
        switch queue.push(Work(request: request, completion: completion)) {
        case nil: break
        case .full:
            let waiting = configuration.limits.waiting
            completion(StoreReply(StoreFault(.resourceExhausted, "\(waiting) operations wait for the store already")))
        case .closed: completion(StoreReply(Self.closed))
        }
    }

    func shape() -> TableShape? { TableShape.read(configuration) }

    private static let closed = StoreFault.unreachable("the store is closed")

    func fence() {
        isFenced.store(true, ordering: .relaxed)
        reads.close()
        writes.close()
    }

    func close() {
        fence()
        ending.cancel()
        for work in reads.empty() + writes.empty() { work.completion(StoreReply(Self.closed)) }
        for thread in threads { thread.join() }
    }

    var problem: String? { isFenced.load(ordering: .relaxed) ? nil : current.problem }

    private static func opened(
        _ configuration: StoreConfiguration
    ) throws(StoreOpeningFault) -> (writer: DatabaseQueue, state: CurrentTable.State) {
        let writer = try SQLiteSession.open(configuration, isReadOnly: false)
        do {
            let state = try writer.inDatabase { database in
                // Before the table: a change in between is found by the first look.
                let version = try Int64.fetchOne(database, sql: "PRAGMA schema_version") ?? 0
                let table = try SQLiteTableCheck(database: database, configuration: configuration).table()
                return CurrentTable.State(table, version: version)
            }
            return (writer, state)
        } catch let fault as StoreOpeningFault {
            throw fault
        } catch {
            throw StoreOpeningFault("\(configuration.path): \(SQLiteSession.words(of: error))")
        }
    }

    /// The table of a database that is looked at: nothing is changed or started.
    static func table(of configuration: StoreConfiguration) throws(StoreOpeningFault) -> SQLiteTable {
        let database = try SQLiteSession.open(configuration, isReadOnly: true)
        do {
            return try database.inDatabase {
                try SQLiteTableCheck(database: $0, configuration: configuration, setsMode: false).table()
            }
        } catch let fault as StoreOpeningFault {
            throw fault
        } catch {
            throw StoreOpeningFault("\(configuration.path): \(SQLiteSession.words(of: error))")
        }
    }

    private static func run(
        _ queue: WorkQueue<Work>, _ database: DatabaseQueue, _ current: CurrentTable, _ ending: StoreCancellation
    ) {
        database.inDatabase { database in
            guard let session = SQLiteSession(database, current, ending: ending) else { return }
            while let work = queue.pop() {
                work.completion(session.perform(work.request))
            }
        }
    }
}
