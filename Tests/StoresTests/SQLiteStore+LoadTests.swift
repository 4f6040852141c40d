import EventLoop
import Foundation
import GRDB
import SwiftProtobuf
import SwitchoverProtocol
import Synchronization
import TestSupport
import Testing
import WireFormat

@testable import Stores

/// Threads, queues, deadlines, locks and real rows.
@Suite struct SQLiteStoreLoadTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func aDeadlineThatHasPassedIsNotBegun() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let insert: [UInt8] = try Orders.insert(1).serializedBytes()
        #expect(store.reply(.insert, insert, deadline: MonotonicClock.nanoseconds).status == .deadlineExceeded)
        #expect(try store.failure(.get, Orders.get(1)).status == .notFound)
    }

    @Test func aQueryIsGivenUpAtItsDeadline() throws {
        let folder = try TestFolder()
        let path = try folder.database(
            "old.db",
            Orders.oldTable
                + "; INSERT INTO t_order (id, store, rev, source, note) WITH RECURSIVE n(i) AS "
                + "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i, 'a', 1, 's', 'n' FROM n")
        let store = try TestStore(Orders.old(path))
        let query = Switchover_V1_QueryRequest.with {
            $0.entity = "orders"
            let slow = Filter.with {
                $0.among.field = "note"
                $0.among.values = (0..<900).map { .text("x\($0)") }
            }
            $0.filter.any.filters = .init(repeating: slow, count: 1)
            $0.order = [.with { $0.field = "weight" }, .with { $0.field = "note" }]
        }
        let start = MonotonicClock.nanoseconds
        let reply = store.reply(.query, try query.serializedBytes(), deadline: start + 3_000_000)
        #expect(reply.status == .deadlineExceeded, "\(reply.detail)")
        #expect(MonotonicClock.nanoseconds - start < Self.second)
        // The next operation has a deadline of its own.
        #expect(try store.reply(.get, Orders.get(1)).status == .ok)
    }

    @Test func anotherProcessesLock() throws {
        let folder = try TestFolder()
        var limits = StoreLimits()
        limits.busyNanoseconds = 50_000_000
        let store = try Orders.oldStore(folder, limits: limits)
        let other = try DatabaseQueue(path: folder.path + "/old.db")
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            let insert: [UInt8] = try Orders.insert(1).serializedBytes()
            let soon = MonotonicClock.nanoseconds + 5_000_000
            #expect(store.reply(.insert, insert, deadline: soon).status == .deadlineExceeded)
            let reply = store.reply(.insert, insert)
            #expect(reply.status == .unavailable)
            #expect(!reply.isOutcomeUnknown)
            #expect(try store.failure(.get, Orders.get(1)).status == .notFound)
            try database.execute(sql: "COMMIT")
            #expect(store.reply(.insert, insert).status == .ok)
        }
    }

    @Test func aFullQueueAnswersAtOnce() throws {
        let folder = try TestFolder()
        var limits = StoreLimits()
        limits.waiting = 2
        let store = try Orders.oldStore(folder, limits: limits)
        let other = try DatabaseQueue(path: folder.path + "/old.db")
        let refused = Atomic(0)
        let done = DispatchSemaphore(value: 0)
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            for id in Int64(1)...10 {
                store.store.perform(
                    StoreRequest(.insert, message: try Orders.insert(id).serializedBytes(), deadline: .max)
                ) {
                    reply in
                    if reply.status == .resourceExhausted { refused.add(1, ordering: .relaxed) }
                    done.signal()
                }
            }
            try database.execute(sql: "COMMIT")
        }
        for _ in 0..<10 { done.wait() }
        #expect((7...8).contains(refused.load(ordering: .relaxed)))
    }

    @Test func aFencedStoreDoesWhatWasQueuedAndTakesNoMore() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let all = DispatchGroup()
        let done = Atomic(0)
        for id in Int64(1)...50 {
            all.enter()
            store.store.perform(
                StoreRequest(.insert, message: try Orders.insert(id).serializedBytes(), deadline: .max)
            ) { reply in
                if reply.status == .ok { done.add(1, ordering: .relaxed) }
                all.leave()
            }
        }
        store.store.fence()
        #expect(try store.failure(.get, Orders.get(1)).status == .unavailable)
        all.wait()
        #expect(done.load(ordering: .relaxed) == 50)
        store.store.close()
    }

    /// What a process has not begun when it ends is not begun: its client has been told that it is over.
    @Test func aStoreThatIsClosedBeginsNothingMore() throws {
        let folder = try TestFolder()
        let store = try Orders.oldStore(folder)
        let replies = Mutex<[StoreReply]>([])
        let other = try DatabaseQueue(path: folder.path + "/old.db")
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            for id in Int64(1)...10 {
                store.store.perform(
                    StoreRequest(.insert, message: try Orders.insert(id).serializedBytes(), deadline: .max)
                ) { reply in
                    replies.withLock { $0.append(reply) }
                }
            }
            store.store.close()
            try database.execute(sql: "COMMIT")
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM t_order") == 0)
        }
        let said = replies.withLock { $0 }
        #expect(said.count == 10)
        #expect(said.allSatisfy { $0.status == .unavailable && !$0.isOutcomeUnknown })
        #expect(said.count { $0.isUnreachable } >= 9, "one may have waited for the lock")
        store.store.close()
    }

    /// Writes from several threads to one record: each has its effect once.
    @Test func aCounterLosesNothing() throws {
        let folder = try TestFolder()
        let store = try Orders.newStore(folder)
        let _: Switchover_V1_InsertResponse = try store.answer(.insert, Orders.insert(1, [("items", .int64(0))]))
        let wins = Atomic(0)
        let update = Orders.update(1, [("items", .int64(1))])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<100 {
                guard let got: Switchover_V1_GetResponse = try? store.answer(.get, Orders.get(1)) else { return }
                var update = update
                update.expectedVersion = got.record.version
                let reply = try? store.reply(.update, update)
                if reply?.status == .ok { wins.add(1, ordering: .relaxed) }
            }
        }
        let got: Switchover_V1_GetResponse = try store.answer(.get, Orders.get(1))
        #expect(got.record.version == Int64(wins.load(ordering: .relaxed)) + 1)
        #expect(wins.load(ordering: .relaxed) >= 100)
    }

    @Test func pagesEndByTheirSizeToo() throws {
        let folder = try TestFolder()
        var limits = StoreLimits()
        limits.pageBytes = 1_000
        let store = try Orders.newStore(folder, limits: limits)
        for id in Int64(1)...5 {
            let tag = Value.bytes([UInt8](repeating: 7, count: 600))
            let _: Switchover_V1_InsertResponse = try store.answer(
                .insert, Orders.insert(id, [("items", .int64(0)), ("tag", tag)]))
        }
        var query = Switchover_V1_QueryRequest.with { $0.entity = "orders" }
        var sizes: [Int] = []
        repeat {
            let page: Switchover_V1_QueryResponse = try store.answer(.query, query)
            sizes.append(page.records.count)
            query.pageToken = page.nextPageToken
        } while !query.pageToken.isEmpty
        #expect(sizes == [2, 2, 1])
    }

    /// Statements are not kept without bound, whatever shapes queries have.
    @Test func manyShapesOfQueries() throws {
        let folder = try TestFolder()
        var limits = StoreLimits()
        limits.statements = 3
        let store = try Orders.oldStore(folder, limits: limits)
        var orders = RandomOrders(random: SeededRandom(seed: 5))
        for _ in 0..<100 { #expect(try store.reply(.query, orders.query()).status == .ok) }
    }

    /// The quickstart's real orders, stored twice: the same walk on both sides, byte for byte, in every order.
    @Test func realOrdersWalkAlikeOnBothSides() throws {
        let folder = try TestFolder()
        let stores = [try Orders.oldStore(folder), try Orders.newStore(folder)]
        let file = URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../examples/quickstart/orders.csv").standardizedFileURL
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
        let format = try #require(TimestampFormat(example: "2017-01-01T11:53:26Z"))
        for line in lines {
            let cells = line.split(separator: ",").map(String.init)
            let instant = try #require(Array(cells[6].utf8).withUnsafeBytes { format.microseconds($0) })
            let insert = Orders.insert(
                try #require(Int64(cells[0])), store: cells[1],
                [
                    ("household", .uint64(try #require(UInt64(cells[2])))),
                    ("items", .int64(try #require(Int64(cells[3])))),
                    ("total", .decimal("\(try #require(Decimal(string: cells[4])) / 100)")),
                    ("created_at", .timestamp(instant)),
                ])
            for store in stores { let _: Switchover_V1_InsertResponse = try store.answer(.insert, insert) }
        }
        for field in ["order_id", "store_id", "household", "items", "total", "created_at", "note"] {
            var query = Switchover_V1_QueryRequest.with {
                $0.entity = "orders"
                $0.order = [.with { $0.field = field }]
                $0.limit = 50
            }
            var count = 0
            repeat {
                let replies = try stores.map { try $0.reply(.query, query) }
                #expect(replies[0] == replies[1], "\(field)")
                let page = try Switchover_V1_QueryResponse(serializedBytes: replies[0].message)
                count += page.records.count
                query.pageToken = page.nextPageToken
            } while !query.pageToken.isEmpty
            #expect(count == lines.count)
        }
    }
}
