import CLinux
import EventLoop
import Glibc
import Logging
import Migration
import Synchronization
import Testing
import WireFormat

@testable import HTTP2
@testable import Sidecar

/// A worker, its clients and both sides, all on the test's own thread: the loop runs until something has happened.
final class TestWorker {
    let loop: UnsafeMutablePointer<EventLoop>
    let worker: WorkerPointer
    let old: ScriptedUpstream
    let new: ScriptedUpstream
    private(set) var clients: [ScriptedClient] = []
    private let resolver: Resolver
    private let routes: UnsafeMutablePointer<RouteTable>
    private var plans: [UnsafeMutableRawPointer] = []
    /// Readable for ever, so that the loop comes round without waiting and looks after the peers.
    private let ever: Int32
    private var condition: () -> Bool = { true }
    private var patience: UInt64 = 0

    /// What a test gives up after; nothing that passes comes near it.
    private static let longest: UInt64 = 10_000_000_000

    init(_ limits: Limits = Limits(), stage: Stage? = .old, connected: Bool = true) throws {
        loop = try EventLoop.make()
        old = try ScriptedUpstream()
        new = try ScriptedUpstream()
        resolver = try Resolver()
        ever = eventfd(1, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        routes = .allocate(capacity: 1)
        let mailbox = try Mailbox()
        // Never resolved: the pools are given their addresses below.
        let address = Address.tcp(host: "127.0.0.1", port: 1)
        routes.initialize(to: try Self.makeRoutes(&plans))
        worker = .making(
            WorkerSetup(
                limits: limits, routes: routes, records: RecordTable(limit: limits.laneQueue, migrations: 1),
                upstreams: [
                    Upstream(name: "shop-old", address: address), Upstream(name: "shop-new", address: address),
                ],
                places: [SidePair(old: .upstream(0), new: .upstream(1))], migrationsToRetire: [[0], []],
                resolver: resolver,
                logs: LogMail(logger: Logger(label: "test"), mailbox: mailbox),
                board: StatusBoard(migrations: ["shop"]), accessLogShare: 0
            ), loop: loop, counters: WorkerCounters(shape: CounterShape(methods: 6, migrations: 1, upstreams: 2)))
        (worker.pointee.upstreams + 0).pointee.addresses = [old.address]
        (worker.pointee.upstreams + 1).pointee.addresses = [new.address]
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = try loop.watch(ever, for: .readable, context: context) { context, _ in
            Unmanaged<TestWorker>.fromOpaque(context).takeUnretainedValue().turn()
        }
        if let stage { take(stage) }
        guard connected else { return }
        worker.connect()
        until("connected") { self.open(.old) == 1 && self.open(.new) == 1 }
    }

    deinit {
        resolver.stop()
        for plan in plans { plan.deallocate() }
        routes.deinitialize(count: 1)
        routes.deallocate()
        close(ever)
        loop.destroy()
    }

    private static func makeRoutes(_ plans: inout [UnsafeMutableRawPointer]) throws -> RouteTable {
        let key = try KeyPlan([KeyField(path: try FieldPath("1"), type: .string, presence: .required)])
        let query = CallPlan(
            singleQuery: key, absent: .notFound, grayFallback: true, timeoutNanoseconds: 30_000_000_000,
            migrationIndex: 0, methodIndex: 0)
        let noFallback = CallPlan(
            singleQuery: key, absent: .notFound, grayFallback: false, timeoutNanoseconds: 30_000_000_000,
            migrationIndex: 0, methodIndex: 1)
        let other = CallPlan(passThrough: .undeclared, migrationIndex: 0, methodIndex: 2)
        let record = try KeyPlan([KeyField(path: try FieldPath("2"), type: .int64, presence: .required)])
        func change(_ method: Int) -> CallPlan {
            CallPlan(
                write: .update, key: key, absent: .notFound, timeoutNanoseconds: 30_000_000_000, migrationIndex: 0,
                methodIndex: method)
        }
        func write(_ element: ElementPlan?) -> WritePlan {
            WritePlan(
                recordKey: record, inserts: .both, guardsInserts: false, lookUp: nil, put: nil, putOrInsert: nil,
                element: element)
        }
        func keep<Value>(_ value: Value) -> UnsafePointer<Value> {
            let kept = UnsafeMutablePointer<Value>.allocate(capacity: 1)
            kept.initialize(to: value)
            plans.append(UnsafeMutableRawPointer(kept))
            return UnsafePointer(kept)
        }
        func route(_ plan: CallPlan, _ write: WritePlan? = nil) -> Route {
            var route = Route(
                planPointer: keep(plan), keyPointer: plan.key.map { keep($0) },
                writePointer: write.map { keep(WriteRoute($0, migration: "shop", entities: []) { _ in .notFound }) },
                queryPointer: nil, recordsPointer: nil, entitiesPointer: nil, counterIndex: plan.methodIndex,
                oldUpstream: 0, newUpstream: 1)
            route.recordKeyPointer = write.map { keep($0.recordKey) }
            return route
        }
        let several = ElementPlan(field: 1, grayKey: key)
        return RouteTable(
            routes: [
                ("/shop.Orders/Get", route(query)), ("/shop.Orders/GetStrict", route(noFallback)),
                ("/shop.Orders/Change", route(change(4), write(nil))),
                ("/shop.Orders/ChangeMany", route(change(5), write(several))), ("/shop.Orders/", route(other)),
            ],
            unmatched: Route(
                planPointer: nil, keyPointer: nil, writePointer: nil, queryPointer: nil, recordsPointer: nil,
                entitiesPointer: nil, counterIndex: 3,
                oldUpstream: 0, newUpstream: 1))
    }

    // MARK: - Switches

    /// Switches that give every key this stage.
    func take(_ stage: Stage) {
        switch stage {
        case .old: take(.idle)
        case .dualOld: take(.migrating, enrolled: GraySet(everything: true, cohort: Self.cohort))
        case .dualNew:
            let all = GraySet(everything: true, cohort: Self.cohort)
            take(.migrating, enrolled: GraySet(everything: true, cohort: Self.cohort), gray: all)
        case .newMirrored: take(.mirrored)
        case .new: take(.finished)
        }
    }

    /// All keys are enrolled, these are gray: the key must be read.
    func take(gray keys: [String]) throws {
        let gray = GraySet(allow: try KeySet(keys: keys.map { Array($0.utf8) }), cohort: Self.cohort)
        take(.migrating, enrolled: GraySet(everything: true, cohort: Self.cohort), gray: gray)
    }

    /// Migrating, with these keys on both sides.
    func snapshot(enrolled keys: [String]) throws -> SwitchSnapshot {
        let enrolled = GraySet(allow: try KeySet(keys: keys.map { Array($0.utf8) }), cohort: Self.cohort)
        return snapshot(.migrating, enrolled, GraySet(cohort: Self.cohort))
    }

    private static var cohort: Cohort { Cohort(migration: "shop") }

    private func take(
        _ phase: Phase, enrolled: consuming GraySet = GraySet(cohort: TestWorker.cohort),
        gray: consuming GraySet = GraySet(cohort: TestWorker.cohort)
    ) {
        worker.take(0, snapshot(phase, enrolled, gray), held: nil)
    }

    private func snapshot(
        _ phase: Phase, _ enrolled: consuming GraySet, _ gray: consuming GraySet
    ) -> SwitchSnapshot {
        var switches: MigrationSwitches? = MigrationSwitches(epoch: 12, phase: phase, enrolled: enrolled, gray: gray)
        let summary = SwitchSummary(epoch: 12, phase: phase, enrolled: "", gray: "", fingerprint: 0)
        return SwitchSnapshot(summaries: [summary]) { (_) throws(Never) in switches.take() }
    }

    // MARK: - Running

    /// Runs the loop until `condition` holds, which is asked each time it comes round.
    func until(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: @escaping () -> Bool
    ) {
        self.condition = condition
        patience = MonotonicClock.nanoseconds + Self.longest
        loop.run()
        if !condition() { Issue.record(what, sourceLocation: sourceLocation) }
        self.condition = { true }
    }

    /// Lets everything that is on its way arrive: the loop comes round so often that nothing moves any more.
    func settle() {
        var left = 30
        until("settled") {
            left -= 1
            return left < 0
        }
    }

    private func turn() {
        old.pump()
        new.pump()
        for client in clients { client.link.pump() }
        if condition() || MonotonicClock.nanoseconds > patience { loop.stop() }
    }

    // MARK: - Peers

    func client(_ limits: SessionLimits = SessionLimits()) throws -> ScriptedClient {
        let (inside, outside) = try Sockets.pair()
        worker.accept(inside)
        let client = ScriptedClient(outside, limits)
        clients.append(client)
        return client
    }

    func upstream(_ side: Side) -> UpstreamPoolPointer { worker.pointee.upstreams + (side == .old ? 0 : 1) }

    /// Connections that take calls.
    func open(_ side: Side) -> Int { upstream(side).pointee.connections.count { $0.pointee.phase == .open } }

    func backend(_ side: Side) -> ScriptedUpstream { side == .old ? old : new }

    /// The next call that reaches the side.
    func arrival(at side: Side, sourceLocation: SourceLocation = #_sourceLocation) throws -> PeerCall {
        until("a call arrives at \(side.name)", sourceLocation: sourceLocation) {
            !self.backend(side).waiting.isEmpty
        }
        return try #require(backend(side).take(), sourceLocation: sourceLocation)
    }

    /// Until the client has heard the end of its call.
    func over(_ calls: PeerCall..., sourceLocation: SourceLocation = #_sourceLocation) {
        until("the client hears the end", sourceLocation: sourceLocation) { calls.allSatisfy { $0.isClosed } }
    }

    var calls: Int { worker.pointee.load.pointee.calls.load(ordering: .relaxed) }
    var connections: Int { worker.pointee.load.pointee.connections.load(ordering: .relaxed) }
    var bufferedBytes: Int { worker.pointee.sessions.pointee.buffered.bytes }

    func count(_ counter: WorkerCounters.UpstreamCounter, _ side: Side) -> UInt64 {
        let counters = worker.pointee.counters
        return counters.value(at: counters.shape.upstream(side == .old ? 0 : 1) + counter.rawValue)
    }

    /// Calls that were counted as begun, and as finished at any stage with any status.
    private var counted: (begun: UInt64, finished: UInt64) {
        let counters = worker.pointee.counters
        var counted = (begun: UInt64(0), finished: UInt64(0))
        for method in 0..<6 {
            let start = counters.shape.method(method)
            counted.begun += counters.value(at: start)
            for stage in 0..<CounterShape.stages {
                for status in 0..<CounterShape.statuses {
                    counted.finished += counters.value(at: start + CounterShape.stageGroup(stage) + status)
                }
            }
        }
        return counted
    }

    /// Every call is over, with all its streams, and nothing waits; then everything is taken down.
    func finish(sourceLocation: SourceLocation = #_sourceLocation) {
        until("no call is left", sourceLocation: sourceLocation) { self.calls == 0 }
        #expect(bufferedBytes == 0, sourceLocation: sourceLocation)
        #expect(counted.begun == counted.finished, sourceLocation: sourceLocation)
        for side in Side.allCases {
            #expect(upstream(side).pointee.queue.count == 0, sourceLocation: sourceLocation)
            #expect(upstream(side).pointee.queue.first == nil, sourceLocation: sourceLocation)
            #expect(count(.callsQueued, side) == count(.callsUnqueued, side), sourceLocation: sourceLocation)
            for connection in upstream(side).pointee.connections {
                #expect(connection.pointee.legsToReset.first == nil, sourceLocation: sourceLocation)
                #expect(
                    connection.pointee.session?.session.pointee.openStreams ?? 0 == 0, sourceLocation: sourceLocation)
            }
        }
        for client in clients { client.link.close() }
        until("clients are gone", sourceLocation: sourceLocation) { self.connections == 0 }
        old.stopListening()
        new.stopListening()
        worker.endAll()
        old.hangUp()
        new.hangUp()
        until("upstreams are gone", sourceLocation: sourceLocation) {
            Side.allCases.allSatisfy { self.upstream($0).pointee.connections.isEmpty }
        }
        #expect(bufferedBytes == 0 && calls == 0, sourceLocation: sourceLocation)
    }
}
