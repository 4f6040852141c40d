import GRDB
import HTTP2
import Migration
import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Sidecar

/// Calls whose answer takes more than handing their request on, through a whole worker. What each side is asked, in
/// which order, is the contract's (section 3, and 4 for writes).
@Suite struct CallOperationTests {
    private static let methods = [
        "Set: { kind: update, record_key: { path: 2, type: int64 }, put: { method: Put, fields: { 1: reply.2 } } }",
        "List: { kind: multi_query, rows: { field: 1, key: { path: 2, type: int64 }, gray_key: { path: 1, "
            + "type: string } }, confirm: off }",
    ]

    /// Gray key, record key and a value.
    private static func order(_ store: String, _ id: UInt8, _ value: UInt8) -> [UInt8] {
        keyed(store) + [0x10, id, 0x18, value]
    }

    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }

    // MARK: - Writes

    /// The authority's reply is the answer, once the follower has been put its record.
    @Test(arguments: [Stage.dualOld, .dualNew]) func anUpdateOfBothSides(_ stage: Stage) throws {
        let test = try TestWorker(stage: stage, TestWorker.services(methods: Self.methods))
        let call = try test.client().unary("/shop.Orders/Set", Self.order("406", 9, 1), [("x-a", "1")])
        let first = try test.arrival(at: stage.authority)
        #expect(first.bytes == framed(Self.order("406", 9, 1)) && first.value(":path") == "/shop.Orders/Set")
        #expect(first.value("switchover-stage") == "\(stage.name)" && first.value("x-a") == "1")
        test.settle()
        #expect(test.backend(stage.authority.other).waiting.isEmpty, "not before the authority has it")
        let reply = Self.field(2, Self.order("406", 9, 2))
        first.reply(framed(reply))
        let second = try test.arrival(at: stage.authority.other)
        #expect(second.bytes == framed(Self.field(1, Self.order("406", 9, 2))))
        #expect(second.value(":path") == "/shop.Orders/Put" && second.value("x-a") == "1")
        #expect(!call.hasEnded)
        second.reply(framed([]))
        test.over(call)
        #expect(call.status == 0 && call.bytes == framed(reply))
        test.finish()
    }

    /// One record's writes take turns, others do not wait for them.
    @Test func writesOfARecordTakeTurns() throws {
        let test = try TestWorker(stage: .dualOld, TestWorker.services(methods: Self.methods))
        let client = try test.client()
        let first = try client.unary("/shop.Orders/Set", Self.order("406", 9, 1))
        let asked = try test.arrival(at: .old)
        let second = try client.unary("/shop.Orders/Set", Self.order("406", 9, 2))
        let other = try client.unary("/shop.Orders/Set", Self.order("406", 8, 3))
        let askedOfOther = try test.arrival(at: .old)
        #expect(askedOfOther.bytes == framed(Self.order("406", 8, 3)))
        for (leg, call) in [(askedOfOther, other), (asked, first)] {
            leg.fail(9)
            test.over(call)
            #expect(call.status == 9, "the authority's refusal is the answer")
        }
        let next = try test.arrival(at: .old)
        #expect(next.bytes == framed(Self.order("406", 9, 2)))
        next.fail(9)
        test.over(second)
        #expect(second.status == 9 && test.new.waiting.isEmpty)
        test.finish()
    }

    /// The follower may have it or not: the client is told that one side has the write, and the record is dirty.
    @Test func aFollowerThatIsLost() throws {
        let test = try TestWorker(stage: .dualOld, TestWorker.services(methods: Self.methods))
        let call = try test.client().unary("/shop.Orders/Set", Self.order("406", 9, 1))
        try test.arrival(at: .old).reply(framed(Self.field(2, Self.order("406", 9, 2))))
        _ = try test.arrival(at: .new)
        test.new.hangUp()
        test.over(call)
        #expect(call.status == 10 && call.error == "partial-write" && call.value("switchover-side") == "new")
        #expect(test.worker.pointee.records.dirty().map(\.migration) == [0])
        test.until("connected again") { test.open(.new) == 1 }
        test.finish()
    }

    // MARK: - Queries

    /// Rows of both sides in the order of their keys; of a record that both have, the authority's.
    @Test(arguments: [Stage.dualOld, .dualNew]) func aQueryOfBothSides(_ stage: Stage) throws {
        let test = try TestWorker(stage: stage, TestWorker.services(methods: Self.methods))
        let call = try test.client().unary("/shop.Orders/List", [])
        let rows: [Side: [[UInt8]]] = [
            .old: [Self.order("406", 1, 1), Self.order("406", 3, 1)],
            .new: [Self.order("406", 2, 2), Self.order("406", 3, 2)],
        ]
        for side in [Side.new, .old] {
            try test.arrival(at: side).reply(framed((rows[side] ?? []).flatMap { Self.field(1, $0) }))
        }
        test.over(call)
        let shared = Self.order("406", 3, stage == .dualOld ? 1 : 2)
        let merged = [Self.order("406", 1, 1), Self.order("406", 2, 2), shared]
        #expect(call.status == 0 && call.bytes == framed(merged.flatMap { Self.field(1, $0) }))
        test.finish()
    }

    /// While no key is gray nobody suffers from new; else rows would be missing, and that is no answer.
    @Test(arguments: [(Stage.dualOld, Side.new), (.dualOld, .old), (.dualNew, .new), (.dualNew, .old)])
    func aQueryWhoseSideIsLost(_ stage: Stage, _ lost: Side) throws {
        let test = try TestWorker(stage: stage, TestWorker.services(methods: Self.methods))
        let call = try test.client().unary("/shop.Orders/List", [])
        let rows = Self.field(1, Self.order("406", 1, 1))
        try test.arrival(at: lost.other).reply(framed(rows))
        _ = try test.arrival(at: lost)
        test.backend(lost).hangUp()
        test.over(call)
        if stage == .dualOld, lost == .new {
            #expect(call.status == 0 && call.bytes == framed(rows))
            #expect(call.value("switchover-partial") == "new")
        } else {
            #expect(call.status == 14 && call.value("switchover-side") == "\(lost.name)")
        }
        test.until("connected again") { test.open(lost) == 1 }
        test.finish()
    }

    // MARK: - Records in databases

    private func databases(_ stage: Stage) throws -> (databases: TestDatabases, test: TestWorker) {
        let databases = try TestDatabases()
        let test = try TestWorker(stage: stage, TestDatabases.configuration, folder: databases.folder.root)
        return (databases, test)
    }

    private func call(
        _ test: TestWorker, _ client: ScriptedClient, _ path: StaticString, _ request: some SwiftProtobuf.Message
    ) throws -> PeerCall {
        let call = try client.unary(path, try request.serializedBytes())
        test.over(call)
        return call
    }

    private static let get = Switchover_V1_GetRequest.with {
        $0.entity = "orders"
        $0.key = TestDatabases.key(1)
        $0.grayKey = TestDatabases.text("406")
    }

    /// One side after the other, until one has it.
    @Test(arguments: [(Stage.old, "old"), (.dualOld, "old"), (.dualNew, "new"), (.new, "new")])
    func aRecordIsReadWhereItsStageSays(_ stage: Stage, _ side: String) throws {
        let (databases, test) = try databases(stage)
        try databases.insert("old", 1, "406", "old")
        try databases.insert("new", 1, "406", "new")
        let client = try test.client()
        let found = try call(test, client, "/switchover.v1.Records/Get", Self.get)
        #expect(found.status == 0)
        #expect(try Switchover_V1_GetResponse(reply: found).record.fields.first?.value.text == side)
        try databases.use(side) { try $0.execute(sql: "DELETE FROM orders") }
        let again = try call(test, client, "/switchover.v1.Records/Get", Self.get)
        #expect(again.status == (stage.isDouble ? 0 : 5))
        test.finish()
    }

    /// Of a record whose gray key nobody names its own decides.
    @Test func aRecordWithoutItsGrayKey() throws {
        let (databases, test) = try databases(.dualOld)
        try test.take(gray: ["406"])
        for (id, store) in [(Int64(1), "406"), (2, "7")] {
            try databases.insert("old", id, store, "old")
            try databases.insert("new", id, store, "new")
        }
        let client = try test.client()
        for (id, side) in [(Int64(1), "new"), (2, "old")] {
            let request = Switchover_V1_GetRequest.with {
                $0.entity = "orders"
                $0.key = TestDatabases.key(id)
            }
            let found = try call(test, client, "/switchover.v1.Records/Get", request)
            #expect(try Switchover_V1_GetResponse(reply: found).record.fields.first?.value.text == side)
        }
        let many = Switchover_V1_GetManyRequest.with {
            $0.entity = "orders"
            $0.keys = [2, 3, 1].map(TestDatabases.key)
        }
        let found = try call(test, client, "/switchover.v1.Records/GetMany", many)
        let records = try Switchover_V1_GetManyResponse(reply: found).records
        #expect(records.map { $0.fields.first?.value.text } == ["old", "new"], "in the order of the keys")
        test.finish()
    }

    @Test func anUpdateOfBothDatabases() throws {
        let (databases, test) = try databases(.dualOld)
        for side in ["old", "new"] { try databases.insert(side, 1, "406", "before") }
        let update = Switchover_V1_UpdateRequest.with {
            $0.entity = "orders"
            $0.key = TestDatabases.key(1)
            $0.changes = [
                .with {
                    $0.name = "note"
                    $0.value = TestDatabases.text("after")
                }
            ]
        }
        let done = try call(test, try test.client(), "/switchover.v1.Records/Update", update)
        #expect(done.status == 0, "\(done.trailers)")
        #expect(try databases.note("old", 1) == "after")
        #expect(try databases.note("new", 1) == "after")
        test.finish()
    }
}
