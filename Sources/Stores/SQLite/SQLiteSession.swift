import EventLoop
import GRDB
import GRDBSQLite
import Glibc
import WireFormat

/// One connection with its statements, on its own thread: does one operation at a time.
final class SQLiteSession {
    /// When the present operation is given up; read by SQLite's callbacks in the middle of a statement.
    private struct Clock {
        var deadline = UInt64.max
        /// Until when another process's lock is waited for.
        var busyUntil = UInt64.max
        var cancellation: StoreCancellation?
        /// Of all operations: the store ends.
        let ending: StoreCancellation
        /// The transaction is being ended: nothing is interrupted any more.
        var isLast = false

        var isCancelled: Bool { cancellation?.isCancelled ?? false }
    }

    /// How long a read relies on what was last known of the schema, nanoseconds; a write never does.
    private static let lookNanoseconds: UInt64 = 1_000_000_000

    private(set) var table: SQLiteTable
    private let current: CurrentTable
    private var known: CurrentTable.State
    private var looksAgainAt: UInt64 = 0
    private let database: Database
    private let connection: OpaquePointer
    private let clock = UnsafeMutablePointer<Clock>.allocate(capacity: 1)
    /// By their SQL. GRDB's own cache has no bound, and a query's SQL follows from the request's shape.
    private var statements: [String: PreparedStatement] = [:]
    /// Memory of the present operation's parameters that are slices of nothing else.
    private var kept = OperationMemory()
    /// What the present operation's record must fit into besides.
    private(set) var follower: (any Store)?
    /// The present operation is rolled back at its end.
    private var isTrial = false
    /// SQLite's code of the last failure, without its extension.
    private var lastCode = SQLITE_OK

    private let ending: StoreCancellation

    /// Nil if the database has been closed.
    ///
    /// - Parameter ending: gives up what waits or runs, and whatever comes after it.
    init?(_ database: Database, _ current: CurrentTable, ending: StoreCancellation = StoreCancellation()) {
        guard let connection = database.sqliteConnection else { return nil }
        self.database = database
        self.connection = connection
        self.current = current
        known = current.state
        table = known.table
        self.ending = ending
        clock.initialize(to: Clock(ending: ending))
        setHandlers()
    }

    private func setHandlers() {
        sqlite3_progress_handler(connection, 1_000, { SQLiteSession.isOver($0) ? 1 : 0 }, clock)
        sqlite3_busy_handler(connection, { clock, tries in SQLiteSession.waits(clock, tries) ? 1 : 0 }, clock)
    }

    deinit {
        sqlite3_progress_handler(connection, 0, nil, nil)
        sqlite3_busy_handler(connection, nil, nil)
        clock.deinitialize(count: 1)
        clock.deallocate()
    }

    var entity: RecordEntity { table.entity }

    func perform(_ request: StoreRequest) -> StoreReply {
        let now = MonotonicClock.nanoseconds
        let (operation, deadline, cancellation) = (request.operation, request.deadline, request.cancellation)
        if ending.isCancelled { return StoreReply(Self.ended) }
        if cancellation?.isCancelled == true { return StoreReply(Self.cancelled) }
        guard now < deadline else {
            return StoreReply(StoreFault(.deadlineExceeded, "the deadline passed before the store began"))
        }
        clock.pointee = Clock(
            deadline: deadline, busyUntil: now &+ table.configuration.limits.busyNanoseconds,
            cancellation: cancellation, ending: ending)
        isTrial = operation == .tryUpdate || operation == .tryDelete
        follower = request.follower
        defer {
            follower = nil
            clock.pointee.cancellation = nil
            isTrial = false
            kept.free()
        }
        return request.message.withUnsafeBytes { bytes in
            do throws(StoreFault) {
                try checkDatabase(operation, now: now)
                let reply = StoreReply(message: try perform(operation, bytes))
                if operation.changesRecords { try checkFileAfterWrite() }
                return reply
            } catch {
                return StoreReply(afterLooking(error))
            }
        }
    }

    // MARK: - Changes beside the sidecar

    private func checkDatabase(_ operation: StoreOperation, now: UInt64) throws(StoreFault) {
        if let problem = current.file?.problem { throw .unreachable(problem) }
        if operation.isWrite || looksAgainAt <= now { look(now) }
        let state = current.state
        if state !== known {
            known = state
            table = state.table
            statements.removeAll()
        }
        if let problem = state.problem { throw .unreachable(problem) }
    }

    /// The write was made in a file that was at its path before, and perhaps is there no more.
    private func checkFileAfterWrite() throws(StoreFault) {
        guard let problem = current.file?.problem else { return }
        throw StoreFault(.unknown, "the write was made, and then \(problem)", isOutcomeUnknown: true)
    }

    /// What a statement failed of may be a change that nobody has looked at yet.
    private func afterLooking(_ fault: StoreFault) -> StoreFault {
        guard fault.status == .internal else { return fault }
        look(MonotonicClock.nanoseconds)
        return current.state.problem.map { .unreachable($0) } ?? fault
    }

    /// Reads the table again where the schema is another one, and now and then where the table cannot be used: rows may
    /// have been the reason. What cannot be read now is read at the next look.
    private func look(_ now: UInt64) {
        let isDue = looksAgainAt <= now
        if isDue { looksAgainAt = now &+ Self.lookNanoseconds }
        let last = current.state
        guard let version = try? schemaVersion(), version != last.version || (isDue && last.problem != nil) else {
            return
        }
        // The check has a time of its own, and takes the handlers away.
        defer { setHandlers() }
        do {
            let check = SQLiteTableCheck(database: database, configuration: table.configuration, setsMode: false)
            current.change(to: CurrentTable.State(try check.table(), version: version))
        } catch let fault as StoreOpeningFault {
            current.change(to: CurrentTable.State(table, version: version, problem: fault.description))
        } catch {}
    }

    private func schemaVersion() throws(StoreFault) -> Int64 {
        let statement = try statement("PRAGMA schema_version")
        defer { statement.reset() }
        guard try statement.step() else { return 0 }
        return sqlite3_column_int64(statement.handle, 0)
    }

    // MARK: - Operations

    /// What follows is given up when this time is over.
    func limit(until deadline: UInt64) {
        clock.pointee.deadline = deadline
        clock.pointee.busyUntil = deadline
    }

    private func perform(_ operation: StoreOperation, _ message: UnsafeRawBufferPointer) throws(StoreFault) -> [UInt8] {
        let requests = RequestReader(entity)
        switch operation {
        case .get: return try get(try requests.one(message, RequestReader.get))
        case .getMany: return try getMany(try requests.many(message))
        case .query: return try query(try requests.query(message))
        case .insert: return try insert(try requests.one(message, RequestReader.insert))
        case .update, .tryUpdate: return try update(try requests.one(message, RequestReader.update))
        case .upsert(let ifAbsent): return try upsert(try requests.one(message, RequestReader.upsert), ifAbsent)
        case .delete, .tryDelete: return try delete(try requests.one(message, RequestReader.delete))
        case .put(let mode, let condition): return try put(try requests.record(message), mode, condition)
        case .remove(let condition): return try remove(try requests.record(message), condition)
        }
    }

    /// A statement ready to be bound; whoever uses it resets it.
    func statement(_ sql: String) throws(StoreFault) -> PreparedStatement {
        if let statement = statements[sql] { return statement }
        do {
            // The closure lives in the session's own cache: no cycle may keep either alive.
            let made = PreparedStatement(try database.makeStatement(sql: sql)) { [unowned self] in fault($0) }
            if statements.count >= table.configuration.limits.statements { statements.removeAll() }
            statements[sql] = made
            return made
        } catch let error as DatabaseError {
            throw fault(error.resultCode.rawValue)
        } catch {
            throw StoreFault(.internal, Self.words(of: error))
        }
    }

    /// How many rows the last statement has changed, those of triggers not counted.
    var changedRows: Int { database.changesCount }

    /// Runs a statement to its end.
    func run(_ sql: String, _ parameters: [SQLiteParameter] = []) throws(StoreFault) {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(parameters)
        try statement.finish()
    }

    /// Runs `body` in a transaction that is rolled back if it throws, and always where the operation is a trial.
    func transaction<Result>(
        _ begin: String = "BEGIN IMMEDIATE", _ body: () throws(StoreFault) -> Result
    ) throws(StoreFault) -> Result {
        let result: Result
        do throws(StoreFault) {
            // One that is interrupted may have begun all the same.
            try run(begin)
            result = try body()
            if isTrial { try checkDeferredKeys() }
        } catch {
            rollBack()
            throw error
        }
        if isTrial { rollBack() } else { try commit() }
        return result
    }

    private func commit() throws(StoreFault) {
        giveAllTime()
        do throws(StoreFault) {
            try run("COMMIT")
        } catch {
            // A transaction that is still open was refused as such. One that SQLite has ended was rolled back, unless
            // the system failed: then it may be on disk.
            let isRolledBack =
                sqlite3_get_autocommit(connection) == 0
                || [SQLITE_FULL, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY].contains(lastCode)
            rollBack()
            throw isRolledBack ? error : error.afterCommit
        }
    }

    /// What a commit would say of foreign keys that are only checked then.
    private func checkDeferredKeys() throws(StoreFault) {
        var open: Int32 = 0
        var highest: Int32 = 0
        let status = sqlite3_db_status(connection, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0)
        guard status == SQLITE_OK, open != 0 else { return }
        throw StoreFault(.failedPrecondition, "FOREIGN KEY constraint failed")
    }

    private func rollBack() {
        // Some failures have rolled back already; then there is nothing left to do.
        guard sqlite3_get_autocommit(connection) == 0 else { return }
        giveAllTime()
        try? run("ROLLBACK")
    }

    /// Nothing is interrupted any more, though locks are waited for no longer than before. SQLite may say of a
    /// statement that it was interrupted when its work is done (it asks at the end of a step, too): of a commit that
    /// would be taken for a rollback.
    private func giveAllTime() {
        clock.pointee.busyUntil = min(clock.pointee.busyUntil, clock.pointee.deadline)
        clock.pointee.deadline = .max
        clock.pointee.cancellation = nil
        clock.pointee.isLast = true
    }

    /// Memory with these bytes that lives until the operation ends.
    func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer { kept.keep(bytes) }

    private func fault(_ status: Int32) -> StoreFault {
        let extendedCode = sqlite3_extended_errcode(connection)
        let words = String(cString: sqlite3_errmsg(connection))
        lastCode = status & 0xff
        if lastCode == SQLITE_INTERRUPT, clock.pointee.isCancelled { return Self.cancelled }
        if lastCode == SQLITE_INTERRUPT, ending.isCancelled { return Self.ended }
        if let missing = SQLiteFailure.missingField(extendedCode: extendedCode, words: words, table.configuration) {
            return missing
        }
        return SQLiteFailure.fault(
            extendedCode: extendedCode, code: status, words: words,
            isLate: MonotonicClock.nanoseconds >= clock.pointee.deadline)
    }

    private static let ended = StoreFault.unreachable("the store is closed; nothing was written")
    private static let cancelled = StoreFault(.cancelled, "nobody waits for the answer any more")

    private static func isOver(_ context: UnsafeMutableRawPointer?) -> Bool {
        guard let clock = context?.assumingMemoryBound(to: Clock.self) else { return false }
        if clock.pointee.isCancelled || clock.pointee.ending.isCancelled && !clock.pointee.isLast { return true }
        return clock.pointee.deadline != .max && MonotonicClock.nanoseconds >= clock.pointee.deadline
    }

    /// Sleeps a little for another process's lock; false when it has been waited for long enough.
    private static func waits(_ context: UnsafeMutableRawPointer?, _ tries: Int32) -> Bool {
        guard let clock = context?.assumingMemoryBound(to: Clock.self) else { return false }
        let end = min(clock.pointee.deadline, clock.pointee.busyUntil)
        guard !clock.pointee.isCancelled, !clock.pointee.ending.isCancelled, MonotonicClock.nanoseconds < end
        else { return false }
        Kernel.sleep(nanoseconds: tries < 10 ? 200_000 : 2_000_000)
        return true
    }
}

extension SQLiteSession {
    /// Opens a connection that `init` can use.
    static func open(
        _ configuration: StoreConfiguration, isReadOnly: Bool
    ) throws(StoreOpeningFault) -> DatabaseQueue {
        var settings = GRDB.Configuration()
        settings.readonly = isReadOnly
        // The session watches its transactions itself; GRDB would end the process over one that cannot be ended.
        settings.allowsUnsafeTransactions = true
        settings.foreignKeysEnabled = configuration.enforcesForeignKeys
        settings.busyMode = .timeout(Double(configuration.limits.busyNanoseconds) / 1e9)
        guard Kernel.isAccessible(configuration.path) else {
            throw StoreOpeningFault(
                "\(configuration.path): there is no such database; create it and its table first, or correct the path")
        }
        do {
            return try DatabaseQueue(path: configuration.path, configuration: settings)
        } catch {
            throw StoreOpeningFault("\(configuration.path): \(words(of: error))")
        }
    }

    /// A connection that changes nothing.
    static func openToRead(_ path: String) throws(StoreOpeningFault) -> DatabaseQueue {
        guard Kernel.isAccessible(path) else { throw StoreOpeningFault("\(path): there is no such database") }
        var settings = GRDB.Configuration()
        settings.readonly = true
        do {
            return try DatabaseQueue(path: path, configuration: settings)
        } catch {
            throw StoreOpeningFault("\(path): \(words(of: error))")
        }
    }

    /// SQLite's own words for what went wrong.
    static func words(of error: any Error) -> String {
        guard let failure = error as? DatabaseError else { return "\(error)" }
        return failure.message ?? "\(failure.resultCode)"
    }
}
