import EventLoop
import Glibc
import Logging
import Sidecar
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// One seed: a sidecar, two sides, clients and an operator in a world of their own.
///
/// First everything goes wrong that may (`Scenario+Faults`), while clients call and the operator changes the switches.
/// When nothing may arrive late any more, the clients call again, in peace: then each must be answered, and nothing may
/// be left of what was under way before. Last the sidecar is told to end, and must have nothing to say.
final class Scenario: @unchecked Sendable {
    // Sendable because one thread of the world runs at a time.

    static let callsOfEach = 75
    /// In peace.
    static let lastCallsOfEach = 12
    static let clientCount = 4
    static let changeCount = 12
    static let faultCount = 5
    static let records: ClosedRange<Int64> = 1...20
    static let connectionsAtMost = 8
    static let stores = ["406", "7", "9"]
    /// How long something that was sent may take to arrive and to be done, nanoseconds: less than `settle_after`.
    static let (longestStall, longestWork): (UInt64, UInt64) = (500_000_000, 700_000_000)
    static let settleAfter: UInt64 = 2_000_000_000
    /// How much later something may be seen than it was, because of threads that get no turn.
    static let longestDelay: UInt64 = 1_000_000_000
    static let longestChange: UInt64 = 1_500_000_000
    /// From SIGTERM until writes of both sides are cut short: `drain.delay`, `drain.timeout`, `follower_timeout`.
    static let longestDrain: UInt64 = 2_600_000_000
    /// From SIGTERM until clients that have no call are cut off.
    static let longestLeave: UInt64 = 1_600_000_000

    let world: World
    let seed: UInt64
    /// New has all that old has, and every key is enrolled: the whole ladder is open.
    let isCopied: Bool
    let insertsBoth: Bool
    /// The sides are databases, not services.
    let isOfDatabases: Bool
    /// No process ends before the last: what it knows is never forgotten.
    let isUninterrupted: Bool
    /// Most calls are about these: their writes wait for each other.
    let hotRecords: [Int64]
    let old = Ledger(keepsSome: true)
    let new = Ledger()
    /// Of the second migration.
    let (waresOld, waresNew) = (Ledger(), Ledger())
    var waresHistory: [Operation] = []
    var waresFinished = false
    /// Until when its own switches count as changing.
    var waresChangesUntil: UInt64 = 0
    /// What the guests' operator was told last, by migration.
    var guestPhases: [String: Switchover_V1_Switches] = [:]
    let watch = SideWatch()
    var coverage = Coverage()
    var servers: [SideServer] = []
    var clients: [SimulatedClient] = []
    var operatorClient: SimulatedClient?
    /// That the operator has still to make.
    var changesLeft = 0
    /// What a sidecar has open when it serves, but for connections.
    var baseline: [String: Int]?
    var sidecar: SimulatedProcess
    /// Of this seed, all of them.
    private(set) var sidecars: [SimulatedProcess] = []
    /// Exit statuses of sidecars that have ended by themselves, by process.
    var ends: [Int32: Int32] = [:]
    /// When sidecars ended, and forgot which records were dirty.
    var oblivions: [UInt64] = []
    /// When a sidecar was killed, and when connections of clients were cut: what was under way then has no answer.
    var losses: [UInt64] = []
    private var starts = 0
    /// When the sidecar of now was started.
    private(set) var startedAt: UInt64 = 0
    /// It was told to end, and has not yet.
    var isDraining = false
    /// Records whose history could not be judged in the steps that there are.
    var undecided = 0
    /// Records that the checker has looked at.
    var judged: UInt64 = 0
    /// When more clients come; .max: never.
    var crowdTime = UInt64.max
    var crowdedUntil: UInt64 = 0
    /// Nothing new goes wrong; and nothing that did is left.
    var (isSteady, isPeaceful) = (false, false)
    /// What the operator was told last.
    var switches = Switchover_V1_Switches()
    /// What the tables have at the end, by side and record.
    var stored: [String: [Int64: Int64]] = [:]
    /// Writes come under stores that their records are not of, too.
    let isMisnaming: Bool
    /// Such records. A change that finds such a write under way takes the record for one of that store until it is
    /// answered, and pins it where that store's records are.
    var misnamed: Set<Int64> = []
    /// When the migration was at `idle` last, as far as the operator was told.
    var idleUntil: UInt64 = 0
    /// By record, what somebody was told last.
    var seenEntries: [Int64: StoredEntry] = [:]
    /// Until when the switches count as changing.
    var changesUntil: UInt64 = 0
    /// The migration was at `finished` once, or may have been: old has missed writes.
    var wasFinished = false
    /// Keys were enrolled, or may have been.
    var wasEnrolled = false
    var clientsLeft = Scenario.clientCount
    /// Further traffic, beside the clients' and the operator's: begins its round in peace.
    var guests: [() -> Void] = []
    /// Of these, who are not done.
    var guestsLeft = 0
    /// By migration, the highest epoch that was said to be in force.
    var seenEpochs: [String: UInt64] = [:]
    var history: [Operation] = []
    /// By their number.
    var calls: [AskRules.Call] = []
    /// The first invariant that is broken, where that is seen at once.
    var broken: String?
    var (lists, lostLists, changes) = (0, 0, 0)
    private(set) var log: [String] = []

    init(seed: UInt64) {
        self.seed = seed
        world = World(seed: seed)
        isCopied = seed % 3 == 0
        insertsBoth = seed % 5 < 2
        isOfDatabases = seed % 4 == 3
        isUninterrupted = seed / 4 % 2 == 0
        isMisnaming = seed % 8 == 1
        var records = Array(Self.records)
        for index in 0..<4 { records.swapAt(index, index + Int(world.chance.below(UInt64(records.count - index)))) }
        hotRecords = Array(records[..<(2 + Int(world.chance.below(3)))])
        Kernel.run(on: world)
        sidecar = world.makeProcess("sidecar")
    }

    func say(_ text: String) { log.append("\(Double(world.now / 1000) / 1000) ms: \(text)") }

    static func store(of record: Int64) -> String { stores[Int(record) % stores.count] }
    static func first(of record: Int64) -> Int64 { record * 1_000_000 }

    private var configuration: String {
        """
        listen: 127.0.0.1:9000
        stats: off
        control: /sidecar/control.sock
        switches: /sidecar/switches.json
        workers: \(1 + seed % 2)
        limits:
          {settle_after: 2s, handover_wait: 1s, follower_timeout: 1s, backoff_maximum: 500ms, \(furtherLimits)}
        drain: {delay: 100ms, timeout: 1500ms}
        \(guestSettings)
        upstreams:
        \(isOfDatabases ? databaseUpstreams : serviceUpstreams)\(guestUpstreams)
        migrations:
        \(isOfDatabases ? databaseMigration : ordersMigration)\(guestMigrations)
        """
    }

    private var serviceUpstreams: String {
        """
          old: {address: "127.0.0.1:9001"}
          new: {address: "127.0.0.1:9002"}
        """
    }

    private var ordersMigration: String {
        ledgerMigration("orders", service: "ledger.v1.Ledger", inserts: insertsBoth ? "both" : "new")
    }

    /// - Parameter name: the migration's; its sides are `old` and `new`, with the name before them for all but orders.
    func ledgerMigration(_ name: String, service: String, inserts: String) -> String {
        let prefix = name == "orders" ? "" : "\(name)-"
        return """
              \(name):
                old: \(prefix)old
                new: \(prefix)new
                inserts: \(inserts)
                services: [\(service)]
                gray_key: {path: "1.1", type: string}
                record_key: {path: "1.2", type: int64}
                methods:
                  Find: {kind: single_query, \(Self.nameKeys)}
                  Change: {kind: update, \(Self.puts)}
                  Save: {kind: upsert, look_up: \(Self.lookUp), \(Self.puts)}
                  Add: {kind: insert, look_up: \(Self.lookUp), \(Self.placing)}
                  Remove: {kind: delete, look_up: \(Self.nameLookUp), \(Self.nameKeys)}
                  List: {kind: multi_query, gray_key: {path: 1, type: string}, \(Self.rows)}
                  ListAll: {kind: multi_query, \(Self.rows)}
            """
    }

    private var furtherLimits: String {
        "connections: \(Self.connectionsAtMost)\(hasGuests ? ", message_bytes: 128KiB" : "")"
    }

    private static let puts = #"put: {method: Overwrite, fields: {"1": reply.2}}, "# + placing
    private static let placing = #"put_or_insert: {method: Place, fields: {"1": reply.2}}"#
    private static let nameKeys = "gray_key: {path: 1, type: string}, record_key: {path: 2, type: int64}"
    private static let nameLookUp = #"{method: Judge, fields: {"1": request.1, "2": request.2}}"#
    private static let rows = """
        rows: {field: 1, key: {path: 2, type: int64}, gray_key: {path: 1, type: string}}, \
        confirm: {method: GetMany, element: 1, parts: [{path: 2, type: int64}], rows: 1, key: {path: 2, type: int64}}
        """
    private static let lookUp = #"{method: Find, fields: {"1": request.1.1, "2": request.1.2}}"#

    // MARK: - The run

    /// What is broken, in words; nil where nothing is.
    func run() -> String? {
        let first = beginsIdle ? "idle" : "migrating"
        world.disk.put("/sidecar/switchover.yaml", configuration)
        world.disk.put(
            "/sidecar/switches.json",
            """
            {"version": 1, "migrations": {"orders":
                {"epoch": 1, "phase": "\(first)", "enrolled": "\(isCopied ? "all" : "none")", "gray": "none"}
                \(guestSwitches)}}
            """)
        world.disk.put("/sidecar/\(Self.keyFile)", "406\n7\n")
        switches.phase = first
        switches.enrolled.everything = isCopied
        if isOfDatabases { makeDatabases() }
        for record in Self.records {
            let entry = Entry(store: Self.store(of: record), id: record, cents: Self.first(of: record))
            _ = old.answer("/Place", Message.of(1, entry.bytes))
            if isCopied { _ = new.answer("/Place", Message.of(1, entry.bytes)) }
        }
        if !isOfDatabases { world.start(world.makeProcess("sides")) { [self] in serveSides() } }
        startGuestSides()
        startSidecar()
        for number in 0..<Self.clientCount {
            world.start(world.makeProcess("client-\(number)")) { [self] in startClient(number) }
        }
        world.start(world.makeProcess("operator")) { [self] in operate() }
        startVisits()
        startGuests()
        startEdits()
        disturb()
        isSteady = true
        world.faults.stallOneIn = 0
        world.faults.interrupted = nil
        guard holds({ [self] in clientsLeft == 0 && guestsLeft == 0 }) else {
            return broken ?? "\(clientsLeft) clients and \(guestsLeft) guests wait"
        }
        rest()
        guard broken == nil, callInPeace(), broken == nil else { return broken }
        rest()
        if let fault = endInPeace() { return fault }
        if isOfDatabases { readDatabases() }
        return check()
    }

    /// True when it is so; false after ten minutes, or when something is broken.
    func holds(_ isSo: @escaping () -> Bool) -> Bool {
        world.pause(until: world.now + 600_000_000_000) { [self] in isSo() || broken != nil || watch.broken != nil }
        broken = broken ?? watch.broken
        return broken == nil && isSo()
    }

    /// Until nothing that was sent may arrive late any more.
    private func rest() { world.sleep(nanoseconds: 2 * Self.settleAfter + 1_000_000_000) }

    func startSidecar() {
        starts += 1
        startedAt = world.now
        sidecar = world.makeProcess("sidecar")
        sidecars.append(sidecar)
        if !isSteady { world.faults.interrupted = sidecar }
        world.start(sidecar) { [self] in serve() }
    }

    private func serve() {
        let number = sidecar.number
        do {
            let configuration = try Configuration.load("/sidecar/switchover.yaml")
            let logs = LogQueue(descriptor: STDERR_FILENO, format: configuration.log.format)
            let logger = Logger(label: "switchover") { LineLogHandler(label: $0, queue: logs) }
            let process = Unmanaged.passRetained(
                try SidecarProcess(configuration: configuration, logger: logger, logs: logs))
            let status = try process.takeUnretainedValue().run()
            logs.close(withinMilliseconds: 2000)
            say("the sidecar has ended, status \(status)")
            ends[number] = status
        } catch {
            say("the sidecar cannot start: \(error)")
            broken = broken ?? "the sidecar cannot start: \(error)"
            ends[number] = 1
        }
    }

    /// Grows while anything happens.
    var progress: UInt64 { world.turns &+ judged }

    /// What a side has of a record at the end.
    func last(_ side: String, _ record: Int64) -> String {
        if isOfDatabases { return stored[side]?[record].map { "\(StoredEntry(state: $0))" } ?? "nothing" }
        return (side == "old" ? old : new).entries[record].map { "\($0)" } ?? "nothing"
    }

    var summary: String {
        let unknown = history.filter { $0.result == .unknown }.count
        let refused = history.filter { $0.result == .refused }.count
        return "\(calls.count) calls, \(unknown) unknown, \(refused) refused, \(lists) lists, \(changes) changes, "
            + "\(starts) starts, \(switches.phase), \(undecided == 0 ? "" : "\(undecided) undecided, ")"
            + "\(world.now / 1_000_000) ms, \(world.turns) turns, trace \(String(world.trace.value, radix: 16))"
    }

    var sidecarFiles: String {
        world.disk.entries.keys.filter { $0.contains("switches") }.sorted()
            .map { "\($0):\n\(world.disk.text($0) ?? "")\n" }.joined()
    }

    var sidecarLog: String { sidecars.map(\.consoleText).joined(separator: "--\n") }
}
