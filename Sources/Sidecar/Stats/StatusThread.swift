import EventLoop

/// The thread that tells about the sidecar: the stats port and the control socket, on a loop that serves no calls.
///
/// What it shows it reads from the workers' counters and from the board; nothing it does can hold up a call.
final class StatusThread {
    package struct StartError: Error, CustomStringConvertible {
        package let description: String
    }

    private let thread: LoopThread
    private let stats: StatsServer?
    private let control: ControlServer

    /// Listens at once, and answers from `start` on. `workers` are the counters of every worker.
    init(
        configuration: Configuration, workers: [WorkerCounters], board: StatusBoard, switches: SwitchControl
    ) throws {
        let names = CountedNames(configuration)
        let thread = try LoopThread(name: "status")
        self.thread = thread
        let pages = StatsPages(
            names: names, workers: workers, board: board,
            configuration: EffectiveConfiguration(configuration).text)
        stats = try configuration.stats.map { try Self.statsServer($0, loop: thread.loop, pages: pages) }
        do {
            control = try ControlServer(
                path: configuration.control, loop: thread.loop, migrations: names.migrations, board: board,
                switches: switches)
        } catch {
            stats?.close()
            let path = configuration.control
            throw StartError(
                description: "cannot listen on the control socket \(path): \(error); is another sidecar running?")
        }
    }

    /// Of a start that failed halfway; else it is stopped already.
    deinit { stop() }

    func start() throws { try thread.start() }

    /// Stops answering, closes both, removes the control socket's file. A second call does nothing.
    func stop() {
        thread.stop()
        thread.join()
        stats?.close()
        control.close()
    }

    private static func statsServer(
        _ address: Address, loop: UnsafeMutablePointer<EventLoop>, pages: StatsPages
    ) throws -> StatsServer {
        guard let resolved = try address.resolve().first else {
            throw StartError(description: "cannot listen on \(address) for stats: the name has no address")
        }
        do {
            return try StatsServer(address: resolved, loop: loop, pages: pages)
        } catch {
            throw StartError(
                description: "cannot listen on \(address) for stats: \(error); is another sidecar running?")
        }
    }
}
