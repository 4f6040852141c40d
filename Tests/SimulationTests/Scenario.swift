import EventLoop
import Glibc
import Logging
import Sidecar
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// One seed: a sidecar, two sides, clients and an operator in a world of their own.
final class Scenario: @unchecked Sendable {
    // Sendable because one thread of the world runs at a time.

    static let callsOfEach = 80
    static let clientCount = 4
    static let changeCount = 8
    static let faultCount = 3
    static let records: ClosedRange<Int64> = 1...20
    static let stores = ["406", "7", "9"]

    let world: World
    private let seed: UInt64
    /// New has all that old has, and every key is enrolled: the whole ladder is open.
    let isCopied: Bool
    let insertsBoth: Bool
    /// The sides are databases, not services.
    let isOfDatabases: Bool
    private let old = Ledger()
    private let new = Ledger()
    var sidecar: SimulatedProcess
    /// Exit statuses of sidecars that have ended by themselves, by process.
    var ends: [Int32: Int32] = [:]
    /// When sidecars ended, and forgot which records were dirty.
    var oblivions: [UInt64] = []
    private var starts = 0
    private var isSteady = false
    /// What the operator was told last.
    var switches = Switchover_V1_Switches()
    /// What the tables have at the end, by side and record.
    var stored: [String: [Int64: Int64]] = [:]
    /// By record, what somebody was told last.
    var seenEntries: [Int64: StoredEntry] = [:]
    var clientsLeft = Scenario.clientCount
    var history: [Operation] = []
    /// The first invariant that is broken, where that is seen at once.
    var broken: String?
    var (calls, lists, lostLists, changes) = (0, 0, 0, 0)
    private(set) var log: [String] = []

    init(seed: UInt64) {
        self.seed = seed
        world = World(seed: seed)
        isCopied = seed % 3 == 0
        insertsBoth = seed % 5 < 2
        isOfDatabases = seed % 4 == 3
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
        limits: {settle_after: 3s, handover_wait: 1s, follower_timeout: 2s}
        \(isOfDatabases ? databasesConfiguration : servicesConfiguration)
        """
    }

    private var servicesConfiguration: String {
        """
        upstreams:
          old: {address: "127.0.0.1:9001"}
          new: {address: "127.0.0.1:9002"}
        migrations:
          orders:
            old: old
            new: new
            inserts: \(insertsBoth ? "both" : "new")
            services: [ledger.v1.Ledger]
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

    private static let puts = #"put: {method: Overwrite, fields: {"1": reply.2}}, "# + placing
    private static let placing = #"put_or_insert: {method: Place, fields: {"1": reply.2}}"#
    private static let nameKeys = "gray_key: {path: 1, type: string}, record_key: {path: 2, type: int64}"
    private static let nameLookUp = #"{method: Find, fields: {"1": request.1, "2": request.2}}"#
    private static let rows = """
        rows: {field: 1, key: {path: 2, type: int64}, gray_key: {path: 1, type: string}}, \
        confirm: {method: GetMany, element: 1, parts: [{path: 2, type: int64}], rows: 1, key: {path: 2, type: int64}}
        """
    private static let lookUp = #"{method: Find, fields: {"1": request.1.1, "2": request.1.2}}"#

    // MARK: - The run

    /// What is broken, in words; nil where nothing is.
    func run() -> String? {
        world.disk.put("/sidecar/switchover.yaml", configuration)
        world.disk.put(
            "/sidecar/switches.json",
            """
            {"version": 1, "migrations": {"orders":
                {"epoch": 1, "phase": "migrating", "enrolled": "\(isCopied ? "all" : "none")", "gray": "none"}}}
            """)
        switches.phase = "migrating"
        switches.enrolled.everything = isCopied
        if isOfDatabases { makeDatabases() }
        for record in Self.records {
            let entry = Entry(store: Self.store(of: record), id: record, cents: Self.first(of: record))
            _ = old.answer("/Place", Message.of(1, entry.bytes))
            if isCopied { _ = new.answer("/Place", Message.of(1, entry.bytes)) }
        }
        if !isOfDatabases { world.start(world.makeProcess("sides")) { [self] in serveSides() } }
        startSidecar()
        for number in 0..<Self.clientCount {
            world.start(world.makeProcess("client-\(number)")) { [self] in startClient(number) }
        }
        world.start(world.makeProcess("operator")) { [self] in operate() }
        disturb()
        isSteady = true
        guard world.pause(until: world.now + 600_000_000_000, { [self] in clientsLeft == 0 || broken != nil }) else {
            return "\(clientsLeft) clients still wait for an answer"
        }
        if broken == nil { readAll() }
        if broken == nil, isOfDatabases { readDatabases() }
        return check()
    }

    func startSidecar() {
        starts += 1
        sidecar = world.makeProcess("sidecar")
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

    // MARK: - The sides

    private func serveSides() {
        for (name, port, ledger) in [("old", UInt16(9001), old), ("new", 9002, new)] {
            do {
                let server = try SideServer(name: name, port: port) { [self] path, message in
                    work(ledger, path, message)
                }
                try server.start()
                _ = Unmanaged.passRetained(server)
            } catch {
                say("\(name) cannot start: \(error)")
            }
        }
    }

    /// At once, late, without an answer, or not at all.
    private func work(_ ledger: Ledger, _ path: String, _ message: [UInt8]) -> SideServer.Work {
        let make = { ledger.answer(path, message) }
        if isSteady { return SideServer.Work(make: make) }
        switch world.chance.below(60) {
        case 0: return SideServer.Work(delay: world.chance.below(2_500_000_000), make: make)
        case 1: return SideServer.Work(isLost: true, make: make)
        case 2: return SideServer.Work { SideServer.Answer(status: .unavailable) }
        case 3...12: return SideServer.Work(delay: world.chance.below(20_000_000), make: make)
        default: return SideServer.Work(make: make)
        }
    }

    // MARK: - The end

    /// Every record once more, when nothing is under way.
    private func readAll() {
        world.sleep(nanoseconds: 10_000_000_000)
        let left = Done()
        left.count = Self.records.count
        world.start(world.makeProcess("reader")) { [self] in
            guard let address = try? SocketAddress.resolve(host: "127.0.0.1", port: 9000)[0],
                let client = try? SimulatedClient(name: "reader", to: address), (try? client.start()) != nil
            else { return say("the reader cannot start") }
            _ = Unmanaged.passRetained(client)
            client.thread.mailbox.post { [self] in
                for record in Self.records { perform(client, Self.clientCount, record, .find) { left.count -= 1 } }
            }
        }
        world.pause(until: world.now + 60_000_000_000) { left.count == 0 }
    }

    private func check() -> String? {
        if let broken { return broken }
        for record in Self.records {
            if let fault = orderFault(record) ?? divergence(record) { return fault }
        }
        if let late = history.last(where: { $0.client == Self.clientCount && $0.result == .unknown }) {
            return "no answer though nothing is wrong any more: \(late)"
        }
        return nil
    }

    /// I1, I3, I5: the answers have an order. What the last process knew of a record whose sides may differ is gone
    /// with it (contract, 8 and 10, not built): what was answered before must have an order then.
    private func orderFault(_ record: Int64) -> String? {
        // A merged list may show what the follower had of a record whose sides differ.
        let lost = history.first { $0.record == record && $0.isLost }?.began ?? .max
        let operations = history.filter { $0.record == record && (!$0.isListed || $0.ended < lost) }
        let first =
            isOfDatabases
            ? StoredEntry(cents: Self.first(of: record), store: Self.store(of: record), version: 1).state
            : Self.first(of: record)
        if Linearizability.holds(operations, initial: first) { return nil }
        for end in oblivions {
            let before = operations.filter { $0.began < end }.map { $0.cut(at: end) }
            guard Linearizability.holds(before, initial: first) else { break }
            if before.contains(where: { $0.isLost }) { return nil }
        }
        return "record \(record) of store \(Self.store(of: record)) is not linearizable (I1, I3, I5):\n"
            + account(of: operations)
    }

    /// I2: where every write ended well, and both sides had the record from the beginning, they have the same now. What
    /// was inserted into new alone is on new alone.
    private func divergence(_ record: Int64) -> String? {
        let operations = history.filter { $0.record == record }
        let (old, new) = (last("old", record), last("new", record))
        guard isCopied, isWrittenOnBoth, !operations.contains(where: { $0.isLost }), old != new,
            insertsBoth || ![old, new].contains("nothing")
        else { return nil }
        return "the sides differ in record \(record), and no write of it was lost (I2):\n" + account(of: operations)
    }

    /// As the switch file says at the end: an answer to the operator may have been lost.
    private var isWrittenOnBoth: Bool {
        let text = world.disk.text("/sidecar/switches.json") ?? ""
        return ["\"migrating\"", "\"mirrored\""].contains { text.contains($0) }
    }

    private func account(of operations: [Operation]) -> String {
        guard let record = operations.first?.record else { return "" }
        let lines = operations.map { "  \($0)" }.joined(separator: "\n")
        return lines + "\n  old has \(last("old", record)), new has \(last("new", record))"
    }

    /// What a side has of a record at the end.
    private func last(_ side: String, _ record: Int64) -> String {
        if isOfDatabases { return stored[side]?[record].map { "\(StoredEntry(state: $0))" } ?? "nothing" }
        return (side == "old" ? old : new).entries[record].map { "\($0)" } ?? "nothing"
    }

    var summary: String {
        let unknown = history.filter { $0.result == .unknown }.count
        let refused = history.filter { $0.result == .refused }.count
        return "\(calls) calls, \(unknown) unknown, \(refused) refused, \(lists) lists, \(changes) changes, "
            + "\(starts) starts, \(switches.phase), "
            + "\(world.now / 1_000_000) ms, \(world.turns) turns, trace \(String(world.trace.value, radix: 16))"
    }

    var sidecarLog: String { sidecar.consoleText }
}

/// Something that several threads of the world count down.
final class Done: @unchecked Sendable {
    // Sendable because one of them runs at a time.
    var count = 0
}
