import Glibc

/// What a migration between databases moves: two tables that hold the same records in columns of their own.
extension Scenario {
    static let databases = "/sidecar/data"
    static func database(_ side: String) -> String { "\(databases)/\(side).db" }

    var databaseUpstreams: String {
        """
          old: {sqlite: \(Self.database("old"))}
          new: {sqlite: \(Self.database("new"))}
        """
    }

    var databaseMigration: String {
        """
          orders:
            old: old
            new: new
            inserts: \(insertsBoth ? "both" : "new")
            records:
              entity: entry
              fields: {id: int64, store: text, amount: decimal, remark: {type: text, nullable: on}, revision: int64}
              key: id
              gray_key: store
              version: revision
              old:
                table: t_entry
                columns: {store: shop, amount: {column: cents, scale: 2}, revision: rev}
                constants: {origin: sidecar}
              new: {table: entries, columns: {amount: {column: amount, scale: 4}}}
        """
    }

    func makeDatabases() {
        SQLiteFileSystem.use(world)
        do {
            let old = try SimulatedDatabase(Self.database("old"))
            try old.run(
                """
                CREATE TABLE t_entry (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, cents INTEGER NOT NULL,
                    remark TEXT, rev INTEGER NOT NULL, origin TEXT NOT NULL);
                CREATE TABLE other (number INTEGER)
                """)
            let new = try SimulatedDatabase(Self.database("new"))
            try new.run(
                """
                CREATE TABLE entries (id INTEGER PRIMARY KEY, store TEXT NOT NULL, amount INTEGER NOT NULL,
                    remark TEXT, revision INTEGER NOT NULL);
                CREATE INDEX entries_store ON entries (store, id);
                CREATE TABLE other (number INTEGER)
                """)
            for record in Self.records {
                let cents = Self.first(of: record)
                let (store, remark) = (Self.store(of: record), StoredEntry.remark(cents))
                try old.run("INSERT INTO t_entry VALUES (\(record), '\(store)', \(cents), '\(remark)', 1, 'shop')")
                guard isCopied else { continue }
                try new.run("INSERT INTO entries VALUES (\(record), '\(store)', \(cents * 100), '\(remark)', 1)")
            }
        } catch {
            broken = "the databases cannot be made: \(error)"
        }
        world.disk.syncFolder(Self.databases)
    }

    /// What both tables have at the end, by record.
    func readDatabases() {
        let statements = [
            ("old", "SELECT id, cents, rev, remark, shop FROM t_entry"),
            ("new", "SELECT id, amount / 100, revision, remark, store FROM entries"),
        ]
        for (side, sql) in statements {
            do {
                let database = try SimulatedDatabase(Self.database(side), isReadOnly: true)
                for row in try database.rows(sql) { note(row, of: side) }
                let verdict = try database.rows("PRAGMA integrity_check")
                if verdict != [["ok"]] { broken = broken ?? "the database of \(side) is damaged: \(verdict)" }
            } catch {
                broken = broken ?? "the database of \(side) cannot be read: \(error)"
            }
        }
    }

    private func note(_ row: [String], of side: String) {
        guard let record = Int64(row[0]), let cents = Int64(row[1]), let version = Int64(row[2]),
            row[3] == StoredEntry.remark(cents), Self.stores.contains(row[4])
        else {
            broken = broken ?? "\(side) has a row of which no write tells: \(row)"
            return
        }
        stored[side, default: [:]][record] = StoredEntry(cents: cents, store: row[4], version: version).state
    }

    // MARK: - What goes wrong with them

    /// Mostly until a database is in the middle of a commit: so short a time is seldom met by chance.
    func awaitCommit() {
        guard world.chance.below(4) > 0 else { return }
        world.pause(until: world.now + 1_000_000_000) { [self] in world.disk.isSyncing(in: Self.databases) }
    }

    /// Something that other processes of that machine do, or its disk.
    func disturbDatabases() {
        let side = world.chance.pick(["old", "new"])
        let long = world.chance.below(4_000_000_000)
        switch world.chance.below(5) {
        case 0:
            say("\(side)'s database is locked by a writer for \(long / 1_000_000) ms")
            use(side) { database in
                try database.run("BEGIN IMMEDIATE")
                self.world.sleep(nanoseconds: long)
                try database.run("ROLLBACK")
            }
        case 1:
            say("\(side)'s database has a reader for \(long / 1_000_000) ms")
            use(side) { database in
                try database.run("BEGIN; SELECT count(*) FROM other")
                self.world.sleep(nanoseconds: long)
                try database.run("ROLLBACK")
            }
        case 2:
            say("another process writes another table of \(side)'s database")
            use(side) { database in
                for number in 0..<20 {
                    try database.run("INSERT INTO other VALUES (\(number))")
                    if number % 7 == 0 { try database.run("PRAGMA wal_checkpoint(TRUNCATE)") }
                    self.world.sleep(nanoseconds: self.world.chance.below(100_000_000))
                }
            }
        case 3:
            say("\(side)'s disk fails for \(long / 2_000_000) ms: what is synced may be written, or not")
            world.disk.failingUntil[Self.database(side)] = world.now + long / 2
            guard world.chance.happens(oneIn: 2) else { return }
            // What of a failed commit is in the file is there for the next process.
            let failed = world.disk.failedSyncs
            let limit = world.now + long / 2
            world.pause(until: limit) { [self] in world.disk.failedSyncs > failed }
            // Once its answer has come.
            world.sleep(nanoseconds: world.chance.below(8_000_000))
            killSidecar(losesUnsynced: false)
        default:
            say("\(side)'s disk is full for \(long / 2_000_000) ms")
            world.disk.fullUntil[Self.database(side)] = world.now + long / 2
        }
    }

    private func use(_ side: String, _ body: @escaping @Sendable (SimulatedDatabase) throws -> Void) {
        // In a folder of the sidecar's machine: it ends with that.
        world.start(world.makeProcess("batch")) { [self] in
            do {
                try body(SimulatedDatabase(Self.database(side)))
            } catch {
                say("the other process met: \(error)")
            }
        }
    }
}
