import CLinux
import Glibc
import Logging
import Synchronization

/// Writes log lines on a thread of its own, so that a reader that stalls, a full disk or a closed descriptor stops
/// nobody but that thread.
///
/// Whoever logs appends to a `LogBuffer` under a lock that is held for moments. Lines that find it full, or that cannot
/// be written, are counted; a line says how many they were as soon as one can be written again.
package final class LogQueue: @unchecked Sendable {
    // Sendable because `memory` is touched under the mutex alone.
    private struct State {
        var buffer = LogBuffer()
        var isClosed = false
        /// The thread has written what it could and will write no more.
        var isFinished = false
    }

    private let descriptor: Int32
    private let format: LogFormat
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// In memory of its own: a wait gives the mutex away, and what others change meanwhile is to be read anew.
    private let memory = UnsafeMutablePointer<State>.allocate(capacity: 1)
    private let lostLines = Atomic<UInt64>(0)

    /// The thread runs until `close`; without one left in the system, lines are lost and counted.
    ///
    /// - Parameter descriptor: stays open, and stays the caller's.
    package init(descriptor: Int32, format: LogFormat) {
        self.descriptor = descriptor
        self.format = format
        memory.initialize(to: State())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
        startThread()
    }

    deinit {
        pthread_cond_destroy(changed)
        changed.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        memory.deinitialize(count: 1)
        memory.deallocate()
    }

    /// Lines that were lost since the start.
    package var lost: UInt64 { lostLines.load(ordering: .relaxed) }

    /// Never waits for the log's reader. From any thread.
    func push(_ line: LogLine) {
        let isTaken = locked { state in
            guard !state.pointee.isClosed else { return false }
            let isTaken = state.pointee.buffer.append(line)
            pthread_cond_signal(changed)
            return isTaken
        }
        if !isTaken { lostLines.add(1, ordering: .relaxed) }
    }

    /// Takes no more lines, and waits until those that wait have been written, but no longer than this.
    package func close(withinMilliseconds patience: Int) {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_sec += patience / 1000
        end.tv_nsec += (patience % 1000) * 1_000_000
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        locked { state in
            state.pointee.isClosed = true
            pthread_cond_broadcast(changed)
            while !state.pointee.isFinished, pthread_cond_timedwait(changed, mutex, &end) != ETIMEDOUT {}
        }
    }

    private func locked<Result>(_ body: (UnsafeMutablePointer<State>) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(memory)
    }

    // MARK: - The thread

    /// All signals are blocked on it: they are the main thread's.
    private func startThread() {
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var thread = pthread_t()
        let queue = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                name_thread("log")
                Unmanaged<LogQueue>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, queue.toOpaque())
        if code == 0 {
            _ = pthread_detach(thread)
            return
        }
        queue.release()
        locked {
            $0.pointee.isClosed = true
            $0.pointee.isFinished = true
        }
    }

    private func run() {
        var writer = LineWriter(descriptor: descriptor)
        var unsaid: UInt64 = 0
        while let (lines, lost) = takeWhenThere() {
            for line in lines {
                let isWritten = writer.write(line.text(format))
                if isWritten { unsaid = say(unsaid, &writer) } else { unsaid += 1 }
                if !isWritten { lostLines.add(1, ordering: .relaxed) }
            }
            unsaid += lost
            if lost > 0 { unsaid = say(unsaid, &writer) }
        }
        locked {
            $0.pointee.isFinished = true
            pthread_cond_broadcast(changed)
        }
    }

    /// Nil once it is closed and everything was taken.
    private func takeWhenThere() -> (lines: [LogLine], lost: UInt64)? {
        locked { state in
            while state.pointee.buffer.isEmpty {
                guard !state.pointee.isClosed else { return nil }
                pthread_cond_wait(changed, mutex)
            }
            return state.pointee.buffer.take()
        }
    }

    /// Says how many lines are missing here; returns how many have still to be told of.
    private func say(_ missing: UInt64, _ writer: inout LineWriter) -> UInt64 {
        guard missing > 0 else { return 0 }
        let line = LogLine(
            level: .warning, label: "switchover", source: "Sidecar",
            message: "\(missing) log \(missing == 1 ? "line was" : "lines were") lost: standard error could not be "
                + "written, or was read too slowly")
        return writer.write(line.text(format)) ? 0 : missing
    }
}

/// Writes whole lines to a descriptor, whatever it says to that.
struct LineWriter {
    private let descriptor: Int32
    /// The last line was cut short.
    private var isWithinLine = false

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Waits for the reader. False when the line, or a part of it, could not be written.
    mutating func write(_ line: String) -> Bool {
        var text = isWithinLine ? "\n" + line : line
        return text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count > 0 {
                    written += count
                    isWithinLine = written < bytes.count
                } else if count == 0 {
                    return false
                } else if errno == EAGAIN {
                    var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&polled, 1, 1000)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
