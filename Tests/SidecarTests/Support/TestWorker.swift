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
    private let configuration: Configuration
    private let resolver: Resolver
    private let routes: UnsafeMutablePointer<RouteTable>
    private let stores: RecordStores
    /// Readable for ever, so that the loop comes round without waiting.
    private let ever: Int32

    /// What a test gives up after; nothing that passes comes near it.
    private static let longest: UInt64 = 10_000_000_000

    /// - Parameters:
    ///   - text: the configuration: one migration `shop` of two services, which the test plays, or of two databases.
    ///   - folder: where databases are.
    init(
        _ limits: Limits = Limits(), stage: Stage? = .old, connected: Bool = true, _ text: String = services(),
        folder: String = ""
    ) throws {
        configuration = try Configuration.parse(text, file: folder + "/switchover.yaml")
        loop = try EventLoop.make()
        old = try ScriptedUpstream()
        new = try ScriptedUpstream()
        resolver = try Resolver()
        stores = try RecordStores(configuration)
        ever = eventfd(1, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        routes = .allocate(capacity: 1)
        routes.initialize(to: RouteTable(configuration, stores: stores))
        let routes = SendablePointer(routes)
        Self.keptRoutes.withLock { $0.append(routes) }
        worker = .making(
            WorkerSetup(
                limits: limits, routes: routes.pointer,
                records: RecordTable(limit: limits.laneQueue, migrations: 1), upstreams: configuration.upstreams,
                places: [stores.places(configuration.migrations[0], at: 0)],
                migrationsToRetire: configuration.migrationsToRetire, resolver: resolver,
                logs: LogMail(logger: Logger(label: "test"), mailbox: try Mailbox()),
                board: StatusBoard(migrations: ["shop"]), accessLogShare: 0
            ), loop: loop, counters: WorkerCounters(CountedNames(configuration)))
        // Never resolved: the pools are given their addresses.
        for side in sides { upstream(side).pointee.addresses = [backend(side).address] }
        _ = try loop.watch(ever, for: .readable, context: UnsafeMutableRawPointer(loop)) { _, _ in }
        if let stage { take(stage) }
        guard connected else { return }
        worker.connect()
        until("connected") { self.sides.allSatisfy { self.open($0) == 1 } }
    }

    /// As in the product, what routes name lives as long as the process.
    private static let keptRoutes = Mutex<[SendablePointer<RouteTable>]>([])

    deinit {
        resolver.stop()
        stores.close()
        close(ever)
        loop.destroy()
    }

    /// Two services that find and change orders by a key, and one record each.
    ///
    /// - Parameters:
    ///   - ofMigration: a further line of it.
    ///   - methods: further ones, a line each.
    static func services(_ ofMigration: String = "", methods: [String] = []) -> String {
        """
        upstreams:
          shop-old: { address: 127.0.0.1:1 }
          shop-new: { address: 127.0.0.1:2 }
        pass_through: off
        migrations:
          shop:
            old: shop-old
            new: shop-new
            services: [shop.Orders]
            gray_key: { path: 1, type: string, presence: required }
            inserts: both
            insert_guard: off
            \(ofMigration)
            methods:
              Get: { kind: single_query }
              Change: { kind: update, record_key: { path: 2, type: int64, presence: required } }
              ChangeMany:
                kind: update
                element: 1
                gray_key: { path: 1, type: string, presence: required }
                record_key: { path: 2, type: int64, presence: required }
              \(methods.joined(separator: "\n      "))
        """
    }

    /// The sides that the test plays.
    private var sides: [Side] { configuration.upstreams.isEmpty ? [] : Side.allCases }

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

    /// Turns the loop until `condition` holds, which is asked each time it has come round.
    func until(_ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool) {
        let patience = MonotonicClock.nanoseconds + Self.longest
        var isMet = false
        repeat {
            loop.turn()
            pump()
            isMet = condition()
        } while !isMet && MonotonicClock.nanoseconds < patience
        if !isMet { Issue.record(what, sourceLocation: sourceLocation) }
    }

    /// Lets everything that is on its way arrive: the loop comes round so often that nothing moves any more.
    func settle() {
        var left = 30
        until("settled") {
            left -= 1
            return left < 0
        }
    }

    private func pump() {
        old.pump()
        new.pump()
        for client in clients { client.link.pump() }
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
        for method in CountedNames(configuration).methods.indices {
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
        for side in sides {
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
            self.sides.allSatisfy { self.upstream($0).pointee.connections.isEmpty }
        }
        #expect(bufferedBytes == 0 && calls == 0, sourceLocation: sourceLocation)
    }
}
