import CLinux
import EventLoop
import Glibc
package import Logging
import Migration
import Synchronization

/// A running sidecar: its workers, and the admin loop on which signals, switches, logs and the drain are handled.
///
/// The workers' loops serve calls and nothing else. The admin loop brings the switches to them, and the control loop
/// answers commands and `status`: it reads files that may be long, and nothing waits for it but who asks.
package final class SidecarProcess: @unchecked Sendable {
    // Sendable because everything mutable is touched on the admin loop's thread alone, or before it runs.

    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    private let configuration: Configuration
    private let logger: Logger
    private let logs: LogQueue?
    private let admin: LoopThread
    private let controlThread: LoopThread
    private let resolver: Resolver
    private let routes: UnsafeMutablePointer<RouteTable>
    private let board: StatusBoard
    private let records: RecordTable
    /// Until the end of the process.
    private let owned: OwnedFiles
    /// Until when a write of the process before may take effect; monotonic nanoseconds, 0: it has left none.
    private let leftUntil: UInt64
    private let stores: RecordStores
    private let book: any SwitchBook
    private let keyLists = KeyListCache()
    private var control: SwitchControl?
    private var workers: [WorkerThread] = []
    /// What calls are decided by; the source of the switches asks for it too.
    private let inForce: Locked<[SwitchSummary?]>
    /// Migrations of which that is known.
    private var lookedAt: Set<Int> = []
    private var counters: [WorkerCounters] = []
    private var status: StatusThread?
    /// Bound, but not accepted from yet.
    private var listening: (descriptor: Int32, isUnix: Bool)?
    private var listener: UnsafeMutablePointer<Listener>?
    private var gate: ConnectionGate?
    private var source: (any SwitchSource)?
    private var drain = DrainMachine()
    private var drainTimer: UnsafeMutablePointer<Timer>?
    private var signals: UnsafeMutablePointer<Watch>?
    private var exitStatus: Int32 = 0

    /// - Parameter logs: where `logger` writes to; what it lost is among the metrics.
    package init(configuration: Configuration, logger: Logger, logs: LogQueue? = nil) throws {
        self.configuration = configuration
        self.logger = logger
        self.logs = logs
        records = RecordTable(
            limit: configuration.limits.laneQueue, migrations: configuration.migrations.count)
        board = StatusBoard(
            migrations: configuration.migrations.map(\.name), lostLogLines: { logs?.lost ?? 0 },
            pinnedRecords: { [records] in configuration.migrations.indices.map(records.pins.count(of:)) })
        owned = try OwnedFiles(configuration)
        leftUntil = owned.wereLeftUnsettled ? MonotonicClock.nanoseconds &+ configuration.limits.settleAfter : 0
        for warning in owned.warnings { logger.warning("\(warning)") }
        let book = SwitchFileBook(configuration.switches)
        book.removeLeftovers()
        self.book = book
        inForce = Locked(Array(repeating: nil, count: configuration.migrations.count))
        admin = try LoopThread(name: "admin")
        controlThread = try LoopThread(name: "control")
        resolver = try Resolver()
        stores = try RecordStores(configuration)
        routes = .allocate(capacity: 1)
        routes.initialize(to: RouteTable(configuration, stores: stores))
    }

    /// Serves until a signal ends it; returns the exit status. Call it on the main thread, before any other thread but
    /// the log's is started. A start that fails stops what it has started, and throws.
    package func run() throws -> Int32 {
        do {
            try start()
        } catch {
            source?.stop()
            for worker in workers { worker.end() }
            stopThreads()
            throw error
        }
        admin.join()
        stopThreads()
        logger.info("stopped")
        return exitStatus
    }

    /// After the admin loop, or without it.
    private func stopThreads() {
        for worker in workers { worker.join() }
        controlThread.stop()
        controlThread.join()
        status?.stop()
        resolver.stop()
        stores.close()
    }

    // MARK: - Start

    private func start() throws {
        raiseDescriptorLimit()
        try watchSignals()
        try startWorkers()
        try listen()
        let control = SwitchControl(
            configuration: configuration, thread: controlThread, board: board, book: book, stores: stores,
            errands: Errands(workers.map(\.door)), records: records, keyLists: keyLists, resolver: resolver,
            logger: logger,
            keySamples: workers.map(\.keySample), listen: listeningText,
            counters: { [board, counters, names = CountedNames(configuration)] in
                let status = board.status
                return StatsSnapshot(counters, names: names, status: status, process: ProcessStatistics())
            })
        self.control = control
        control.start()
        let status = try StatusThread(
            configuration: configuration, workers: counters, board: board, switches: control)
        self.status = status
        drainTimer = .allocate(capacity: 1)
        drainTimer?.initialize(
            to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                Unmanaged<SidecarProcess>.fromOpaque($0).takeUnretainedValue().advance(.timeOver)
            }
        )
        for worker in workers { try worker.start() }
        try status.start()
        logger.info(
            "starting",
            metadata: [
                "workers": .stringConvertible(workers.count), "version": .string(Version.current),
                "upstreams": .string(configuration.upstreamsText),
            ]
        )
        try startSwitches()
        try controlThread.start()
        try admin.start()
        DatabaseInspection.log(configuration, to: logger)
    }

    /// For upstreams, databases, files and the sidecar's own pipes.
    private static let descriptorsBesideClients = 100

    /// As many descriptors as the system lets us have: the soft limit of many systems is 1,024.
    private func raiseDescriptorLimit() {
        var limit = Kernel.descriptorLimit
        guard limit.rlim_max != 0 else { return }
        limit.rlim_cur = limit.rlim_max
        Kernel.setDescriptorLimit(limit)
        let needed = configuration.limits.connections + Self.descriptorsBesideClients
        guard limit.rlim_max < needed else { return }
        logger.warning(
            """
            the system gives this process \(limit.rlim_max) file descriptors; limits.connections \
            (\(configuration.limits.connections)) needs \(needed): raise the hard limit (ulimit -Hn, LimitNOFILE) or \
            lower limits.connections
            """)
    }

    /// Those that end the process by a drain, and those that it hears and does not follow.
    private static let drainSignals = [SIGTERM, SIGINT, SIGQUIT]
    private static let otherSignals = [SIGHUP, SIGUSR1, SIGUSR2]

    /// Signals are read on the admin loop; no thread is interrupted by one, and none ends the process by itself.
    private func watchSignals() throws {
        // A write to a reader that is gone, to a file at its limit of size, or to a terminal from the background fails
        // or waits as any other write.
        Kernel.ignoreSignals([SIGPIPE, SIGXFSZ, SIGTTOU])
        let descriptor = Kernel.makeSignals(Self.drainSignals + Self.otherSignals)
        if descriptor < 0 { throw SystemError(call: "signalfd") }
        let context = Unmanaged.passUnretained(self).toOpaque()
        signals = try admin.loop.watch(descriptor, for: .readable, context: context) { context, _ in
            Unmanaged<SidecarProcess>.fromOpaque(context).takeUnretainedValue().signalArrived()
        }
    }

    private func startWorkers() throws {
        let setup = WorkerSetup(
            limits: configuration.limits, routes: routes, records: records,
            upstreams: configuration.upstreams,
            places: configuration.migrations.enumerated().map { stores.places($1, at: $0) },
            migrationsToRetire: configuration.migrationsToRetire, resolver: resolver,
            logs: LogMail(logger: logger, mailbox: admin.mailbox), board: board,
            accessLogShare: configuration.accessLogSample
        )
        let names = CountedNames(configuration)
        for index in 0..<configuration.workers {
            let counters = WorkerCounters(names)
            self.counters.append(counters)
            workers.append(try WorkerThread(index: index, setup: setup, counters: counters))
        }
    }

    /// The socket listens, and connections wait in it until the switches have been read.
    private func listen() throws {
        let address = try resolve(configuration.listen)
        do {
            listening = (try Sockets.listen(on: address), address.isUnix)
        } catch {
            let address = configuration.listen
            throw StartError(description: "cannot listen on \(address): \(error); is another sidecar running?")
        }
    }

    /// Where the data port really listens, as clients of this machine name it.
    private var listeningText: String {
        switch configuration.listen {
        case .unix(let path): "unix:\(FilePath.absolute(path))"
        case .tcp(let host, let port):
            "\(Address.tcp(host: host, port: listening.map { Sockets.localPort(of: $0.descriptor) } ?? port))"
        }
    }

    /// The first worker accepts for all. On its thread.
    private func startAccepting(_ first: WorkerPointer) {
        guard let (descriptor, isUnix) = listening else { return }
        note(isUnsettled: true)
        listening = nil
        let gate = ConnectionGate(
            workers: workers, first: first, limit: configuration.limits.connections, board: board, logger: logger)
        self.gate = gate
        let context = Unmanaged.passUnretained(gate).toOpaque()
        do {
            listener = try Listener.make(
                descriptor: descriptor, isUnix: isUnix, loop: workers[0].loop, context: context,
                starved: { Unmanaged<ConnectionGate>.fromOpaque($0).takeUnretainedValue().starved($1) },
                accepted: { Unmanaged<ConnectionGate>.fromOpaque($0).takeUnretainedValue().accepted($1) })
            board.set(state: .serving)
            logger.info("serving", metadata: ["listen": .string("\(configuration.listen)")])
        } catch {
            logger.critical("cannot accept connections, so that the sidecar ends: \(error)")
            admin.mailbox.post { [self] in
                exitStatus = 1
                stopAll()
            }
        }
    }

    private func resolve(_ address: Address) throws -> SocketAddress {
        guard let resolved = try address.resolve().first else {
            throw StartError(description: "cannot listen on \(address): the name has no address")
        }
        return resolved
    }

    /// No call is answered before the switch file has been looked at once, whatever was found.
    private func startSwitches() throws {
        let logger = logger
        let hasLooked = Atomic<Bool>(false)
        let looked: @Sendable () -> Void = { [self] in
            guard !hasLooked.exchange(true, ordering: .relaxed) else { return }
            workers[0].post { [self] first in startAccepting(first) }
        }
        let handover = SwitchHandover(
            workers: workers, admin: admin, records: records, migrations: configuration.migrations.count,
            limits: configuration.limits, unsettledUntil: unsettledUntil, note: { [self] in note($1, of: $0) },
            tell: { [self] event in
                if switchesProgressed(event) { looked() }
            })
        let source = SwitchFileWatcher(
            path: configuration.switches, migrations: configuration.switchedMigrations, left: left, cache: keyLists,
            inForce: { [inForce] in inForce.withLock { $0 } },
            deliver: { [self] snapshot in
                control?.hear { $0.taken(snapshot) }
                handover.change(to: snapshot)
            },
            report: { [self] in
                logger.log(level: $0.level, "\($0.message)")
                guard let outcome = $0.outcome else { return }
                board.set(switchFileRefused: outcome == .refused)
                let message = $0.message
                switch outcome {
                case .refused:
                    control?.hear { $0.refused(message) }
                    looked()
                case .accepted: control?.hear { $0.accepted() }
                }
            }
        )
        try source.start()
        self.source = source
    }

    /// The same for each migration. A database in a file has no write on its way once that process is gone.
    private var unsettledUntil: [UInt64] {
        configuration.migrations.map { $0.oldUpstream < configuration.upstreams.count ? leftUntil : 0 }
    }

    /// A database in a file has no write of the process before on its way.
    private var left: [LeftSwitches] {
        configuration.migrations.map { migration in
            var left = owned.left(of: migration.name)
            left.isUnsettled = left.isUnsettled && migration.oldUpstream < configuration.upstreams.count
            return left
        }
    }

    private func note(isUnsettled: Bool) {
        for failure in owned.note(isUnsettled: isUnsettled) {
            logger.error(
                "\(failure); the next start counts as one after a crash, and its first change waits for settle_after")
        }
    }

    private func note(_ summary: SwitchSummary?, of index: Int) {
        guard let summary else { return }
        let name = configuration.migrations[index].name
        let inForce = OwnerNote.InForce(epoch: summary.epoch, fingerprint: summary.fingerprint)
        for failure in owned.note(inForce: inForce, of: name) {
            logger.error(
                """
                \(failure); that epoch \(summary.epoch) of \(name) is in force is not on record: the next start \
                refuses its calls (no-switches) for settle_after, unless all keys are at old
                """)
        }
    }

    /// True once all migrations have been looked at.
    private func switchesProgressed(_ event: SwitchHandover.Event) -> Bool {
        control?.hear { $0.progressed(event) }
        switch event {
        case .opened(let index, let snapshot, let held, let pinned):
            let all = inForce.withLock { inForce in
                inForce[index] = snapshot.summaries[index]
                return inForce
            }
            lookedAt.insert(index)
            board.set(switches: all, heldNanoseconds: held, time: Timestamp.seconds)
            logger.info(
                "switches changed",
                metadata: [
                    "migration": .string(configuration.migrations[index].name), "held_ms": "\(held / 1_000_000)",
                    "pinned": "\(pinned.count)",
                ])
        case .differing(let index, let records): logDiffering(configuration.migrations[index], records)
        case .waits(let index, let reason):
            logger.notice(
                "the switches of \(configuration.migrations[index].name) change later: \(reason.sentence)")
        case .tookTooLong(let index, let reason):
            board.noteTakenBack()
            logger.error(
                """
                the switches of \(configuration.migrations[index].name) are not changed: \(reason.sentence); trying \
                again in 1 s
                """)
        }
        return lookedAt.count == configuration.migrations.count
    }

    /// As many names as a person may want to read.
    private func logDiffering(_ migration: MigrationConfiguration, _ records: [RecordTable.Key]) {
        let shown = 100
        for key in records.prefix(shown) {
            logger.error(
                """
                the two sides of a record may differ: a write of it was under way, or lost its answer, when its key \
                was enrolled, and reached one side alone
                """,
                metadata: [
                    "migration": .string(migration.name),
                    "record": .string("\(RecordText(key, of: migration.entities))"),
                ])
        }
        if records.count > shown {
            logger.error("\(records.count - shown) more records of \(migration.name) are in the same case")
        }
    }

    // MARK: - Drain

    private func signalArrived() {
        guard let signals else { return }
        var info = signalfd_siginfo()
        while Kernel.read(signals.pointee.descriptor, &info, MemoryLayout<signalfd_siginfo>.size) > 0 {
            logger.info("signal", metadata: ["number": .stringConvertible(info.ssi_signo)])
            if Self.drainSignals.contains(Int32(info.ssi_signo)) {
                advance(.signal)
            } else {
                logger.notice(
                    """
                    this signal changes nothing: the switch file is followed without one, and the configuration is \
                    read at start only; SIGTERM drains and ends the sidecar
                    """)
            }
        }
    }

    private func advance(_ event: DrainMachine.Event) {
        switch drain.take(event) {
        case .none: break
        case .startDelay:
            board.set(state: .draining)
            setTimer(configuration.drain.delayNanoseconds)
            for worker in workers {
                worker.tellWhenEmpty { self.admin.mailbox.post { self.workerIsEmpty() } }
            }
        case .leave:
            logger.info("leaving: clients are told to go")
            setTimer(configuration.drain.timeoutNanoseconds)
            workers[0].post { [self] _ in
                listener?.close()
                listener = nil
                gate?.close()
            }
            for worker in workers { worker.post { $0.leave() } }
        case .endClients:
            logger.notice("the time to drain is over: client connections are closed, writes of both sides go on")
            setTimer(configuration.limits.followerTimeout)
            for worker in workers { worker.endClients() }
        case .end:
            noteWhatIsLeft()
            if isSettled { note(isUnsettled: false) }
            stopAll()
        }
    }

    /// A client may have come back since; only when no worker has one, nor a call, is the sidecar empty.
    private var isEmpty: Bool { workers.allSatisfy { $0.connectionCount == 0 && $0.callCount == 0 } }

    private func workerIsEmpty() {
        if isEmpty { advance(.empty) }
    }

    /// Whether nothing that was sent can take effect any more, by the processes before neither.
    private var isSettled: Bool {
        let now = MonotonicClock.nanoseconds
        return isEmpty && leftUntil <= now
            && configuration.migrations.indices.allSatisfy { index in
                records.unrest(of: index, pinned: false, at: now).unsettledUntil == 0
                    && workers.allSatisfy { $0.unread[index].leftUntil <= now }
            }
    }

    /// What still runs is cut short, and what is known of records ends with the process: the two sides of these may
    /// differ, and nobody else will say so.
    private func noteWhatIsLeft() {
        note(
            records.running(), "the process ends under a write of both sides: the two sides of a record may differ",
            .max)
        note(
            records.dirty(),
            "the process ends, and only it knew that the two sides of a record may differ: write the record once more, "
                + "or correct the sides",
            Self.namedAtMost)
    }

    private static let namedAtMost = 1_000

    private func note(_ keys: [RecordTable.Key], _ sentence: String, _ limit: Int) {
        if !keys.isEmpty { exitStatus = 3 }
        for key in keys.prefix(limit) {
            let migration = configuration.migrations[key.migration]
            logger.error(
                "\(sentence)",
                metadata: [
                    "migration": .string(migration.name),
                    "record": .string("\(RecordText(key, of: migration.entities))"),
                ])
        }
        if keys.count > limit { logger.error("\(keys.count - limit) more records are in the same case") }
    }

    private func setTimer(_ nanoseconds: UInt64) {
        guard let drainTimer else { return }
        admin.loop.arm(drainTimer, at: admin.loop.pointee.now + nanoseconds)
    }

    private func stopAll() {
        source?.stop()
        for worker in workers { worker.end() }
        admin.stop()
    }
}
