import EventLoop
import Synchronization

/// A thread that runs one function until it is told to stop, by a descriptor that becomes readable.
final class WatcherThread: Sendable {
    private struct Running {
        let thread: SystemThread
        let wakeWriter: Int32
        let wakeReader: Int32
    }

    private let body: @Sendable (Int32) -> Void
    private let running = Mutex<Running?>(nil)

    /// `body` gets the descriptor to poll, and returns once it is readable.
    init(body: @escaping @Sendable (Int32) -> Void) { self.body = body }

    /// Does nothing when the thread runs. All signals are blocked on it: they are the main thread's.
    func start() throws(FileFailure) {
        try running.withLock { (running) throws(FileFailure) in
            if running == nil { running = try launch() }
        }
    }

    func stop() {
        guard let ended = running.withLock({ $0.take() }) else { return }
        // Closing the writing end makes the other end readable.
        Kernel.close(ended.wakeWriter)
        ended.thread.join()
        Kernel.close(ended.wakeReader)
    }

    private func launch() throws(FileFailure) -> Running {
        let ends: (Int32, Int32)
        do {
            ends = try Sockets.pair()
        } catch {
            throw FileFailure("open", "a socket pair", code: error.code)
        }
        do {
            let thread = try SystemThread(name: "watcher") { [body] in body(ends.0) }
            return Running(thread: thread, wakeWriter: ends.1, wakeReader: ends.0)
        } catch {
            Kernel.close(ends.0)
            Kernel.close(ends.1)
            throw FileFailure("start", "a thread", code: error.code)
        }
    }
}
