import CLinux
import EventLoop
import Glibc
package import Logging
import Migration
import Synchronization

/// A running sidecar: its workers, and the admin loop on which signals, switches, logs and the drain are handled.
///
/// The admin loop does what may block or take long; the workers' loops serve calls and nothing else.
package final class SidecarProcess: @unchecked Sendable {
    // Sendable because everything mutable is touched on the admin loop's thread alone, or before it runs.

    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    private let configuration: Configuration
    private let logger: Logger
    private let admin: LoopThread
    private let resolver: Resolver
    private let routes: UnsafeMutablePointer<RouteTable>
    private let board: StatusBoard
    private let lanes: LaneTable
    private let stores: RecordStores
    private var control: SwitchControl?
    private var workers: [WorkerThread] = []
    private var counters: [WorkerCounters] = []
    private var status: StatusThread?
    /// Bound, but not accepted from yet.
    private var listening: (descriptor: Int32, isUnix: Bool)?
    private var listener: UnsafeMutablePointer<Listener>?
    private var switchFile: SwitchFileWatcher?
    private var drain = DrainMachine()
    private var drainTimer: UnsafeMutablePointer<Timer>?
    private var busyWorkers = 0
    private var signals: UnsafeMutablePointer<Watch>?

    package init(configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        board = StatusBoard(migrations: configuration.migrations.map(\.name))
        admin = try LoopThread(name: "admin")
        resolver = try Resolver()
        lanes = LaneTable(limit: configuration.limits.laneQueue)
        stores = try RecordStores(configuration)
        routes = .allocate(capacity: 1)
        routes.initialize(to: RouteTable(configuration, stores: stores))
    }

    /// Serves until a signal ends it; returns the exit status. Call it on the main thread, before any other thread is
    /// started.
    package func run() throws -> Int32 {
        raiseDescriptorLimit()
        try watchSignals()
        try startWorkers()
        try listen()
        let control = SwitchControl(
            configuration: configuration, admin: admin, board: board, stores: stores, lanes: lanes, logger: logger,
            keySamples: workers.map(\.keySample),
            counters: { [board, counters, names = CountedNames(configuration)] in
                let status = board.status
                return StatsSnapshot(counters, names: names, status: status, process: ProcessStatistics())
            })
        self.control = control
        admin.mailbox.post { control.start() }
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
        try admin.start()
        admin.join()
        for worker in workers { worker.join() }
        status.stop()
        resolver.stop()
        stores.close()
        logger.info("stopped")
        return 0
    }

    // MARK: - Start

    /// As many descriptors as the system lets us have: the soft limit of many systems is 1,024.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Signals are read on the admin loop; no thread is interrupted by one.
    private func watchSignals() throws {
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        if descriptor < 0 { throw SystemError(call: "signalfd") }
        let context = Unmanaged.passUnretained(self).toOpaque()
        signals = try admin.loop.watch(descriptor, for: .readable, context: context) { context, _ in
            Unmanaged<SidecarProcess>.fromOpaque(context).takeUnretainedValue().signalArrived()
        }
    }

    private func startWorkers() throws {
        let setup = WorkerSetup(
            limits: configuration.limits, connectionShare: configuration.workers, routes: routes,
            lanes: lanes,
            upstreams: configuration.upstreams, migrationCount: configuration.migrations.count,
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

    /// The first worker accepts for all; a connection goes to the one with the fewest calls. On the first worker's
    /// thread.
    private func startAccepting() {
        guard let (descriptor, isUnix) = listening else { return }
        listening = nil
        let context = Unmanaged.passUnretained(self).toOpaque()
        do {
            listener = try Listener.make(
                descriptor: descriptor, isUnix: isUnix, loop: workers[0].loop, context: context
            ) { context, descriptor in
                Unmanaged<SidecarProcess>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.accepted(descriptor) }
            }
            board.set(state: .serving)
            logger.info("serving", metadata: ["listen": .string("\(configuration.listen)")])
        } catch {
            logger.critical("cannot accept connections: \(error)")
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
            workers[0].post { [self] _ in startAccepting() }
        }
        let handover = SwitchHandover(
            workers: workers, admin: admin, lanes: lanes, longestHold: configuration.limits.handoverWait
        ) { [self] event in
            switchesProgressed(event)
            if case .opened = event { looked() }
        }
        let watcher = SwitchFileWatcher(
            path: configuration.switches, migrations: configuration.switchedMigrations,
            deliver: { handover.change(to: $0) },
            report: { [self] in
                logger.log(level: $0.level, "\($0.message)")
                guard let outcome = $0.outcome else { return }
                board.set(switchFileRefused: outcome == .refused)
                let message = $0.message
                switch outcome {
                case .refused:
                    admin.mailbox.post { self.control?.refused(message) }
                    looked()
                case .accepted: admin.mailbox.post { self.control?.accepted() }
                }
            }
        )
        try watcher.start()
        switchFile = watcher
    }

    private func switchesProgressed(_ event: SwitchHandover.Event) {
        control?.progressed(event)
        switch event {
        case .opened(let snapshot, let held):
            board.set(switches: snapshot.summaries, heldNanoseconds: held, time: Timestamp.seconds)
            logger.info("switches changed", metadata: ["held_ms": "\(held / 1_000_000)"])
        case .tookTooLong(let reason):
            board.noteTakenBack()
            logger.error("switches not changed: \(reason.sentence); trying again in 1 s")
        }
    }

    /// On the first worker's thread.
    private func accepted(_ descriptor: Int32) {
        let target = workers.count == 1 ? workers[0] : workers.min { $0.load < $1.load } ?? workers[0]
        target.accept(descriptor, isOnItsLoop: target === workers[0])
    }

    // MARK: - Drain

    private func signalArrived() {
        guard let signals else { return }
        var info = signalfd_siginfo()
        while read(signals.pointee.descriptor, &info, MemoryLayout<signalfd_siginfo>.size) > 0 {
            logger.info("signal", metadata: ["number": .stringConvertible(info.ssi_signo)])
            advance(.signal)
        }
    }

    private func advance(_ event: DrainMachine.Event) {
        switch drain.take(event) {
        case .none: break
        case .startDelay:
            board.set(state: .draining)
            setTimer(configuration.drain.delayNanoseconds)
            busyWorkers = workers.count
            for worker in workers {
                worker.tellWhenEmpty { self.admin.mailbox.post { self.workerIsEmpty() } }
            }
        case .leave:
            logger.info("leaving: clients are told to go")
            setTimer(configuration.drain.timeoutNanoseconds)
            workers[0].post { [self] _ in
                listener?.close()
                listener = nil
            }
            for worker in workers { worker.post { $0.leave() } }
        case .end: stopAll()
        }
    }

    /// A client may have come back since; only when no worker has one is the sidecar empty.
    private func workerIsEmpty() {
        if workers.allSatisfy({ $0.connectionCount == 0 }) {
            advance(.noClients)
        }
    }

    private func setTimer(_ nanoseconds: UInt64) {
        guard let drainTimer else { return }
        admin.loop.arm(drainTimer, at: admin.loop.pointee.now + nanoseconds)
    }

    private func stopAll() {
        switchFile?.stop()
        for worker in workers { worker.end() }
        admin.stop()
    }
}
