import GRDB
import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Sidecar

/// Two databases with a table of orders each, and a worker that serves them.
final class TestDatabases {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for side in ["old", "new"] {
            try use(side) {
                try $0.execute(sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY, store TEXT NOT NULL, note TEXT)")
            }
        }
    }

    static let configuration = """
        upstreams:
          shop-old: { sqlite: old.db }
          shop-new: { sqlite: new.db }
        migrations:
          shop:
            old: shop-old
            new: shop-new
            inserts: both
            records:
              entity: orders
              fields: { id: int64, store: text, note: { type: text, nullable: on } }
              key: id
              gray_key: store
              old: { table: orders }
              new: { table: orders }
        """

    func use<Result>(_ side: String, _ body: (Database) throws -> Result) throws -> Result {
        let queue = try DatabaseQueue(path: folder.path("\(side).db"))
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }

    func insert(_ side: String, _ id: Int64, _ store: String, _ note: String) throws {
        try use(side) { try $0.execute(sql: "INSERT INTO orders VALUES (?, ?, ?)", arguments: [id, store, note]) }
    }

    func note(_ side: String, _ id: Int64) throws -> String? {
        try use(side) { try String.fetchOne($0, sql: "SELECT note FROM orders WHERE id = ?", arguments: [id]) }
    }

    static func key(_ id: Int64) -> Switchover_V1_Key { .with { $0.parts = [.with { $0.int64 = id }] } }
    static func text(_ text: String) -> Switchover_V1_Value { .with { $0.text = text } }
}

extension SwiftProtobuf.Message {
    /// The message of a reply, with its prefix taken off.
    init(reply: PeerCall) throws { try self.init(serializedBytes: Array(reply.bytes.dropFirst(5))) }
}
