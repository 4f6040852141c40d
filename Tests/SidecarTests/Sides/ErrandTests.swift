import EventLoop
import Glibc
import HTTP2
import Migration
import Stores
import SwiftProtobuf
import SwitchoverProtocol
import Synchronization
import Testing
import WireFormat

@testable import Sidecar

/// What the sidecar asks a side with no client behind it, over real connections to a real gRPC peer.
@Suite struct ErrandTests {
    private static func errand(
        _ test: TestWorker, _ side: Side = .new, _ message: [UInt8] = [1, 2, 3], seconds: UInt64 = 0,
        _ tell: @escaping (SideAnswer) -> Void
    ) -> Errand {
        let deadline = seconds == 0 ? 0 : test.loop.pointee.now + seconds * 1_000_000_000
        let request = SideRequest(
            side: side, migration: 0, what: .method("/shop.Orders/List"), message: message, deadline: deadline)
        return Errand(request, on: test.worker) { tell(SideAnswer($0, $1)) }
    }

    /// A side hears a request like any client's, but for the fields that only a client has; the client's counters know
    /// nothing of it.
    @Test(arguments: Side.allCases) func aPageOfAService(_ side: Side) throws {
        let test = try TestWorker(stage: .dualOld)
        var answers: [SideAnswer] = []
        Self.errand(test, side, seconds: 5) { answers.append($0) }.start()
        let arrival = try test.arrival(at: side)
        #expect(arrival.bytes == framed([1, 2, 3]))
        let known = [
            ":method: POST", ":scheme: http", ":path: /shop.Orders/List",
            ":authority: 127.0.0.1:\(side == .old ? 1 : 2)",
            "content-type: application/grpc", "te: trailers", "user-agent: switchover/0.1.0", "switchover-epoch: 12",
        ]
        #expect(arrival.head.filter { !$0.hasPrefix("grpc-timeout: ") } == known)
        #expect(arrival.head.count == known.count + 1)
        #expect(test.worker.pointee.errands.count == 1)
        arrival.reply(framed([7]))
        test.until("the answer is told") { !answers.isEmpty }
        #expect(answers == [.message([7])])
        #expect(test.worker.pointee.errands.isEmpty)
        test.finish()
        #expect(test.worker.pointee.counters.value(at: test.worker.pointee.counters.shape.method(0)) == 0)
    }

    @Test func aSideThatRefuses() throws {
        let test = try TestWorker()
        var answers: [SideAnswer] = []
        Self.errand(test) { answers.append($0) }.start()
        try test.arrival(at: .new).fail(5, [(name: "grpc-message", value: "no such page")])
        test.until("the answer is told") { !answers.isEmpty }
        #expect(answers == [.failed(.notFound, "no such page")])
        test.finish()
    }

    /// A stream that the side refused was not looked at: it is asked once more, and then told.
    @Test func aStreamThatIsRefused() throws {
        let test = try TestWorker()
        var answers: [SideAnswer] = []
        Self.errand(test) { answers.append($0) }.start()
        try test.arrival(at: .new).reset(HTTP2Code.refusedStream)
        try test.arrival(at: .new).reset(HTTP2Code.refusedStream)
        test.until("the answer is told") { !answers.isEmpty }
        #expect(answers == [.unreachable("the stream was refused twice")])
        test.finish()
    }

    @Test func aSideThatIsLost() throws {
        let test = try TestWorker()
        var answers: [SideAnswer] = []
        Self.errand(test) { answers.append($0) }.start()
        _ = try test.arrival(at: .new)
        test.new.hangUp()
        test.until("the answer is told") { !answers.isEmpty }
        #expect(answers == [.lost(.unavailable)])
        test.until("connected again") { test.open(.new) == 1 }
        test.finish()
    }

    /// It is told at the deadline, and kept until its stream is closed.
    @Test func aSideThatIsTooSlow() throws {
        let test = try TestWorker()
        var answers: [SideAnswer] = []
        Self.errand(test, seconds: 1) { answers.append($0) }.start()
        let arrival = try test.arrival(at: .new)
        test.until("the answer is told") { !answers.isEmpty }
        #expect(answers == [.lost(.deadlineExceeded)])
        test.until("the stream is closed") { arrival.isClosed && test.worker.pointee.errands.isEmpty }
        #expect(arrival.code == HTTP2Code.cancel)
        test.finish()
    }

    /// Whoever waits hears of the end of the worker.
    @Test func aWorkerThatEnds() throws {
        let test = try TestWorker()
        var answers: [SideAnswer] = []
        Self.errand(test) { answers.append($0) }.start()
        _ = try test.arrival(at: .new)
        test.worker.endAll()
        #expect(answers == [.lost(.cancelled)])
        test.until("the stream is closed") { test.worker.pointee.errands.isEmpty }
        test.finish()
    }

    @Test func aSideThatCannotBeReached() throws {
        let test = try TestWorker(stage: .old, connected: false)
        test.old.stopListening()
        test.new.stopListening()
        test.worker.connect()
        test.until("both attempts failed") {
            Side.allCases.allSatisfy { test.upstream($0).pointee.schedule.failures > 0 }
        }
        var answers: [SideAnswer] = []
        Self.errand(test) { answers.append($0) }.start()
        guard case .unreachable(let reason)? = answers.first else {
            Issue.record("told \(answers)")
            return
        }
        #expect(reason.contains("127.0.0.1"))
        #expect(answers.count == 1 && test.worker.pointee.errands.isEmpty)
        test.finish()
    }

    /// From another thread, by the worker's mailbox; the answer comes to the mailbox of whoever asks. Page by page.
    @Test func pagesOfADatabase() throws {
        let databases = try TestDatabases()
        for id in Int64(1)...5 { try databases.insert("new", id, "406", "\(id)") }
        let test = try TestWorker(stage: .dualOld, TestDatabases.configuration, folder: databases.folder.root)
        let errands = Errands([WorkerDoor(test.worker)])
        let asker = try LoopThread(name: "asker")
        let pages = Locked<[[String]]>([])
        let isDone = Atomic<Bool>(false)
        @Sendable func ask(after token: [UInt8]) {
            let request = SideRequest(
                side: .new, migration: 0, what: .operation(.query),
                message: Switchover_V1_QueryRequest.with {
                    $0.entity = "orders"
                    $0.limit = 2
                    $0.pageToken = .init(token)
                }.bytes, deadline: .max)
            errands.run(request, answerTo: asker.mailbox) { answer in
                guard asker.isCurrent, case .message(let bytes) = answer,
                    let page = try? Switchover_V1_QueryResponse(serializedBytes: bytes)
                else { return isDone.store(true, ordering: .relaxed) }
                pages.withLock { $0.append(page.records.compactMap { $0.fields.first?.value.text }) }
                if page.nextPageToken.isEmpty { return isDone.store(true, ordering: .relaxed) }
                ask(after: Array(page.nextPageToken))
            }
        }
        try asker.start()
        asker.mailbox.post { ask(after: []) }
        test.until("all pages are there") { isDone.load(ordering: .relaxed) }
        asker.stop()
        asker.join()
        #expect(pages.withLock { $0 } == [["1", "2"], ["3", "4"], ["5"]])
        test.finish()
    }

    /// A database whose file is gone is not reached, in its own words.
    @Test func aDatabaseThatIsGone() throws {
        let databases = try TestDatabases()
        let test = try TestWorker(stage: .dualOld, TestDatabases.configuration, folder: databases.folder.root)
        #expect(unlink(databases.folder.path("old.db")) == 0)
        let request = SideRequest(
            side: .old, migration: 0, what: .operation(.query),
            message: Switchover_V1_QueryRequest.with { $0.entity = "orders" }.bytes, deadline: .max)
        var answers: [SideAnswer] = []
        Errand(request, on: test.worker) { answers.append(SideAnswer($0, $1)) }.start()
        test.until("the answer is told") { !answers.isEmpty }
        guard case .unreachable(let reason)? = answers.first else {
            Issue.record("told \(answers)")
            return
        }
        #expect(reason.hasSuffix("is gone; put it back, or restart the sidecar once another one is there"))
        test.finish()
    }
}
