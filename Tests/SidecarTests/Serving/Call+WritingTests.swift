import Compression
import HTTP2
import Migration
import Synchronization
import TestSupport
import Testing

@testable import Sidecar

/// Contract, section 2: a change that takes keys from `old` waits for what was forwarded unread, and lands under no
/// such write.
@Suite struct CallWritingTests {
    /// What a write says of its record, and whether a change of key 406 may be about it although no record is known.
    static let writes: [(path: StaticString, message: [UInt8], mayMove: Bool)] = [
        ("/shop.Orders/Change", keyed("406") + [0x10, 1], false), ("/shop.Orders/Change", keyed("406"), true),
        ("/shop.Orders/Change", keyed("7"), false),
        ("/shop.Orders/ChangeMany", element(keyed("406") + [0x10, 1]), false),
        ("/shop.Orders/ChangeMany", element(keyed("406")), true),
        ("/shop.Orders/ChangeMany", element(keyed("406") + [0x10, 1]) + element(keyed("406")), true),
        ("/shop.Orders/ChangeMany", element(keyed("7")), false), ("/shop.Orders/ChangeMany", [], false),
    ]

    private static func element(_ content: [UInt8]) -> [UInt8] { [0x0a, UInt8(content.count)] + content }

    private func open(_ test: TestWorker) -> Int { test.worker.pointee.unread[0].open.load(ordering: .relaxed) }
    private func begun(_ test: TestWorker) -> Int { test.worker.pointee.unread[0].begun.load(ordering: .relaxed) }

    private func prepare(_ test: TestWorker, enrolled keys: [String]?) throws {
        test.worker.prepare(0, leaving: try keys.map { try test.snapshot(enrolled: $0) }) {}
    }

    @Test(arguments: writes.indices) func whatIsUnderWayCountsWhereTheChangeMayBeAboutIt(index: Int) throws {
        let (path, message, mayMove) = Self.writes[index]
        let test = try TestWorker()
        test.worker.take(0, try test.snapshot(enrolled: []), held: nil)
        let call = try test.client().unary(path, message)
        let leg = try test.arrival(at: .old)
        #expect(open(test) == 0 && begun(test) == 0, "no change asks for it yet")
        try prepare(test, enrolled: ["406"])
        #expect(open(test) == (mayMove ? 1 : 0) && begun(test) == (mayMove ? 1 : 0))
        try prepare(test, enrolled: ["406", "8"])
        #expect(begun(test) == (mayMove ? 1 : 0), "it counts once")
        leg.reply([])
        test.over(call)
        #expect(call.status == 0 && open(test) == 0)
        test.finish()
    }

    @Test(arguments: writes.indices) func noOtherOneBeginsUntilTheChangeIsInForce(index: Int) throws {
        let (path, message, mayMove) = Self.writes[index]
        let test = try TestWorker()
        let none = try test.snapshot(enrolled: [])
        test.worker.take(0, none, held: nil)
        let client = try test.client()
        func call(isRefused: Bool, _ comment: Comment) throws {
            let call = try client.unary(path, message)
            if !isRefused { try test.arrival(at: .old).reply([]) }
            test.over(call)
            #expect(call.status == (isRefused ? 14 : 0), comment)
            #expect(call.value("switchover-error") == (isRefused ? "key-moving" : nil), comment)
        }
        try prepare(test, enrolled: nil)
        try call(isRefused: false, "a change that takes no key from old")
        try prepare(test, enrolled: ["406"])
        try call(isRefused: mayMove, "prepared")
        test.worker.take(0, none, held: nil, isPending: true)
        try call(isRefused: mayMove, "the hold was released")
        test.worker.take(0, none, held: nil)
        try call(isRefused: false, "another change is in force")
        #expect(begun(test) == 0)
        test.finish()
    }

    @Test(arguments: ["too large", "another coding"]) func whatCannotBeReadPassesUntilThen(_ kind: String) throws {
        var limits = Limits()
        limits.messageBytes = 100
        let test = try TestWorker(limits)
        test.worker.take(0, try test.snapshot(enrolled: []), held: nil)
        let client = try test.client()
        func call() throws -> PeerCall {
            let isLarge = kind == "too large"
            let message = keyed("7") + (isLarge ? [0x1a, 120] + pattern(120) : [])
            return try client.unary("/shop.Orders/Change", message, isLarge ? [] : [("grpc-encoding", "zstd")])
        }
        let before = try call()
        let leg = try test.arrival(at: .old)
        #expect(open(test) == 1 && begun(test) == 1)
        try prepare(test, enrolled: ["406"])
        let refused = try call()
        test.over(refused)
        #expect(refused.status == 14 && refused.value("switchover-error") == "key-moving")
        #expect(open(test) == 1 && begun(test) == 1)
        leg.reply([])
        test.over(before)
        #expect(before.status == 0 && open(test) == 0)
        test.finish()
    }

    /// `idle` reads nothing: the write is known to be there, and to be none of its records.
    @Test func whatIdleForwardsIsUnread() throws {
        let test = try TestWorker()
        let client = try test.client()
        let call = try client.unary("/shop.Orders/Change", keyed("406") + [0x10, 1])
        let leg = try test.arrival(at: .old)
        #expect(open(test) == 1)
        try prepare(test, enrolled: ["406"])
        let second = try client.unary("/shop.Orders/Change", keyed("406") + [0x10, 1])
        try test.arrival(at: .old).reply([])
        test.over(second)
        #expect(second.status == 0 && begun(test) == 1, "it is read, and its record is known")
        leg.reply([])
        test.over(call)
        test.finish()
    }

    /// A write of so many records of one gray key, numbered from a first one.
    private static func many(_ count: Int, of key: String, from first: Int = 0) -> [UInt8] {
        var message: [UInt8] = []
        for number in first..<first + count {
            let id: [UInt8] = [UInt8(number & 127) | 128, UInt8(number >> 7 & 127) | 128, UInt8(number >> 14)]
            message += element(keyed(key) + [0x10] + id)
        }
        return message
    }

    /// I7, and `Protocol/limits.md`: what nothing depends on is handed on as it comes, and a change waits for it. Where
    /// it must be read, it is refused.
    @Test func aWriteOfTooManyRecordsIsNotRead() throws {
        let test = try TestWorker()
        let client = try test.client()
        func call(_ count: Int) throws -> PeerCall {
            try client.unary("/shop.Orders/ChangeMany", Self.many(count, of: "7"))
        }
        for stage in [Stage.new, .old] {
            test.take(stage)
            // Not idle: writes are read.
            if stage == .old { test.worker.take(0, try test.snapshot(enrolled: []), held: nil) }
            for (count, isUnread) in [(1_000, false), (1_001, true)] {
                let write = try call(count)
                let leg = try test.arrival(at: stage.authority)
                #expect(open(test) == (isUnread ? 1 : 0))
                #expect(test.worker.pointee.namedRecords == (isUnread ? 0 : 1_000))
                leg.reply([])
                test.over(write)
                #expect(write.status == 0 && open(test) == 0 && test.worker.pointee.namedRecords == 0)
            }
        }
        try prepare(test, enrolled: ["406"])
        let beside = try call(1_001)
        test.over(beside)
        #expect(beside.status == 14 && beside.value("switchover-error") == "key-moving")
        test.worker.take(0, try test.snapshot(enrolled: ["406"]), held: nil)
        let refused = try call(1_001)
        test.over(refused)
        #expect(refused.status == 3 && refused.value("switchover-error") == "too-many-records")
        let taken = try call(1_000)
        try test.arrival(at: .old).reply([])
        test.over(taken)
        #expect(taken.status == 0)
        test.finish()
    }

    /// Contract, 2: a change counts and pins all records of writes under way, and what is read for that is bounded.
    @Test func soManyRecordsUnderWayAreRead() throws {
        let test = try TestWorker()
        let none = try test.snapshot(enrolled: [])
        test.worker.take(0, none, held: nil)
        let client = try test.client()
        func call(_ count: Int, _ first: Int) throws -> PeerCall {
            try client.unary("/shop.Orders/ChangeMany", Self.many(count, of: "406", from: first))
        }
        let calls = try (0..<50).map { try call(1_000, $0 * 1_000) }
        let legs = try calls.map { _ in try test.arrival(at: .old) }
        #expect(test.worker.pointee.namedRecords == 50_000 && open(test) == 0)
        let unread = try call(1, 60_000)
        let late = try test.arrival(at: .old)
        #expect(test.worker.pointee.namedRecords == 50_000 && open(test) == 1, "a change waits for it")
        late.reply([])
        test.over(unread)
        // Another key is enrolled: now keys decide.
        test.worker.take(0, try test.snapshot(enrolled: ["7"]), held: nil)
        let refused = try call(1, 60_000)
        test.over(refused)
        #expect(refused.status == 8 && refused.value("switchover-error") == "too-many-records")
        legs[0].reply([])
        test.over(calls[0])
        let taken = try call(1_000, 60_000)
        let last = try test.arrival(at: .old)
        test.worker.take(0, none, held: try test.snapshot(enrolled: ["406"]))
        #expect(test.worker.openWrites(0) == 50)
        test.worker.noteOpenWrites(0)
        #expect(test.worker.openWrites(0) == 0, "they are counted by their records")
        #expect(test.worker.pointee.records.unrest(of: 0, pinned: false, at: 0).open == 50_000)
        for leg in legs.dropFirst() { leg.reply([]) }
        last.reply([])
        for call in calls.dropFirst() + [taken] { test.over(call) }
        #expect(test.worker.pointee.namedRecords == 0 && test.worker.pointee.records.count == 0)
        test.worker.take(0, none, held: nil)
        test.finish()
    }

    /// What is compressed is read once, however often a change asks for its records.
    @Test(arguments: [false, true]) func aCompressedWriteTellsItsRecord(isLost: Bool) throws {
        let test = try TestWorker()
        let none = try test.snapshot(enrolled: [])
        test.worker.take(0, none, held: nil)
        var deflater = try GzipDeflater()
        let compressed = try deflater.deflate(keyed("406") + [0x10, 1])
        let (call, _) = try test.client().call(
            "/shop.Orders/Change", framed(compressed, compressed: true), [("grpc-encoding", "gzip")])
        let leg = try test.arrival(at: .old)
        #expect(test.worker.pointee.namedRecords == 1 && open(test) == 0)
        func unrest() -> RecordTable.Unrest { test.worker.pointee.records.unrest(of: 0, pinned: false, at: 0) }
        if isLost {
            call.reset(8)
            test.until("the call is over") { test.calls == 0 }
            #expect(unrest().unsettled == 1)
        } else {
            test.worker.take(0, none, held: try test.snapshot(enrolled: ["406"]))
            #expect(test.worker.openWrites(0) == 1)
            test.worker.noteOpenWrites(0)
            #expect(unrest().open == 1)
            leg.reply([])
            test.over(call)
            #expect(unrest().count == 0)
            test.worker.take(0, none, held: nil)
        }
        #expect(test.worker.pointee.namedRecords == 0)
        test.finish()
    }

    /// Where one of its records is named, that one counts it like any other write, and keeps its stage under it.
    @Test(arguments: [true, false]) func aRecordThatItNamesKnowsOfIt(isLost: Bool) throws {
        let test = try TestWorker()
        test.worker.take(0, try test.snapshot(enrolled: []), held: nil)
        let elements = Self.element(keyed("406") + [0x10, 1]) + Self.element(keyed("406"))
        let call = try test.client().unary("/shop.Orders/ChangeMany", elements)
        let leg = try test.arrival(at: .old)
        func unrest() -> RecordTable.Unrest { test.worker.pointee.records.unrest(of: 0, pinned: false, at: 0) }
        test.worker.noteOpenWrites(of: RecordTable.Key(migration: 0, entity: 0, record: [UInt8(ascii: "1")]))
        #expect(unrest().open == 1)
        if isLost {
            call.reset(8)
            test.until("the call is over") { test.calls == 0 }
            #expect(unrest().unsettled == 1, "its answer was lost")
            #expect(test.worker.pointee.unread[0].leftUntil > 0, "and that of the other record")
        } else {
            leg.reply([])
            test.over(call)
            #expect(unrest().count == 0)
        }
        test.finish()
    }
}
