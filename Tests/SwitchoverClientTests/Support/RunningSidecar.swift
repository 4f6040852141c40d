import Foundation
import GRDB
import Testing

/// The real binary on two SQLite databases, in a folder of its own.
final class RunningSidecar {
    let folder: URL
    var address: String { "unix:\(folder.path)/data.sock" }
    private var process: Process?

    /// - Parameter rows: what old has before the sidecar starts: open orders at version 1.
    init(rows: [(id: Int64, store: String)] = []) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sc-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Self.configuration.write(to: folder.appending(path: "switchover.yaml"), atomically: true, encoding: .utf8)
        for side in ["old", "new"] {
            let database = try DatabaseQueue(path: folder.appending(path: "\(side).db").path)
            try database.write { database in
                try database.execute(sql: Self.table)
                for row in rows where side == "old" {
                    try database.execute(
                        sql: "insert into orders (order_id, store_id, status, version) values (?, ?, 'open', 1)",
                        arguments: [row.id, row.store])
                }
            }
            try database.close()
        }
        try run("init-switches")
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }

    func start() throws {
        let process = self.process(["serve"])
        try process.run()
        self.process = process
    }

    /// SIGTERM twice, so that the drain does not wait for the clients, and the end.
    func stop() {
        guard let process else { return }
        process.terminate()
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// Runs a command of the command line.
    func run(_ words: String...) throws {
        let process = self.process(words)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "switchover \(words.joined(separator: " "))")
    }

    /// The order numbers that one side has.
    func numbers(on side: String) throws -> [Int64] {
        let database = try DatabaseQueue(path: folder.appending(path: "\(side).db").path)
        defer { try? database.close() }
        return try database.read { try Int64.fetchAll($0, sql: "select order_id from orders order by 1") }
    }

    private func process(_ words: [String]) -> Process {
        let process = Process()
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.executableURL = tests.deletingLastPathComponent().appending(path: "switchover")
        process.arguments = words
        process.currentDirectoryURL = folder
        let log = folder.appending(path: "sidecar.log").path
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let handle = FileHandle(forWritingAtPath: log)
        handle?.seekToEndOfFile()
        process.standardOutput = handle
        process.standardError = handle
        return process
    }

    private static let table = """
        create table orders (order_id integer primary key, store_id text not null, status text not null,
            total integer, paid integer, count integer, weight real, created_at integer, code text, photo blob,
            extra text, version integer not null)
        """

    private static let configuration = """
        listen: unix:data.sock
        stats: off
        control: control.sock
        drain: { delay: 100ms }
        upstreams:
          shop-old: { sqlite: old.db }
          shop-new: { sqlite: new.db }
        migrations:
          orders:
            old: shop-old
            new: shop-new
            records:
              fields:
                order_id: int64
                store_id: text
                status: text
                total: { type: decimal, nullable: on }
                paid: { type: bool, nullable: on }
                count: { type: uint64, nullable: on }
                weight: { type: double, nullable: on }
                created_at: { type: timestamp, nullable: on }
                code: { type: uuid, nullable: on }
                photo: { type: bytes, nullable: on }
                extra: { type: json, nullable: on }
                version: int64
              key: order_id
              gray_key: store_id
              version: version
              old: { table: orders, columns: { total: { column: total, scale: 2 },
                created_at: { column: created_at, stored: microseconds }, code: { column: code, stored: text } } }
              new: { table: orders, columns: { total: { column: total, scale: 2 },
                created_at: { column: created_at, stored: microseconds }, code: { column: code, stored: text } } }
        """
}
