import CLinux
import Glibc
import Synchronization

/// A thread that runs one function until it is told to stop, by a descriptor that becomes readable.
final class WatcherThread: Sendable {
    private struct Running {
        let thread: pthread_t
        let wakeWriter: Int32
        let wakeReader: Int32
    }

    private final class Start: Sendable {
        let wakeReader: Int32
        let body: @Sendable (Int32) -> Void

        init(wakeReader: Int32, body: @escaping @Sendable (Int32) -> Void) {
            self.wakeReader = wakeReader
            self.body = body
        }
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
        close(ended.wakeWriter)
        pthread_join(ended.thread, nil)
        close(ended.wakeReader)
    }

    private func launch() throws(FileFailure) -> Running {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw FileFailure("open", "a socket pair", code: errno) }
        var blocked = sigset_t()
        var previous = sigset_t()
        sigfillset(&blocked)
        pthread_sigmask(SIG_SETMASK, &blocked, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(wakeReader: ends[0], body: body))
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                start.body(start.wakeReader)
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            close(ends[0])
            close(ends[1])
            throw FileFailure("start", "a thread", code: code)
        }
        return Running(thread: thread, wakeWriter: ends[1], wakeReader: ends[0])
    }
}
