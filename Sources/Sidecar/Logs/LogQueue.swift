import EventLoop
import Glibc
import Logging
import Synchronization

/// Writes log lines on a thread of its own, so that a reader that stalls, a full disk or a closed descriptor stops
/// nobody but that thread.
///
/// Whoever logs appends to a `LogBuffer` under a lock that is held for moments. Lines that find it full, or that cannot
/// be written, are counted; a line says how many they were as soon as one can be written again.
package final class LogQueue: Sendable {
    private struct State {
        var buffer = LogBuffer()
        var isClosed = false
        /// The thread has written what it could and will write no more.
        var isFinished = false
    }

    private let descriptor: Int32
    private let format: LogFormat
    private let state = Monitor(State())
    private let lostLines = Atomic<UInt64>(0)

    /// The thread runs until `close`; without one left in the system, lines are lost and counted.
    ///
    /// - Parameter descriptor: stays open, and stays the caller's.
    package init(descriptor: Int32, format: LogFormat) {
        self.descriptor = descriptor
        self.format = format
        startThread()
    }

    /// Lines that were lost since the start.
    package var lost: UInt64 { lostLines.load(ordering: .relaxed) }

    /// Never waits for the log's reader. From any thread.
    func push(_ line: LogLine) {
        let isTaken = state.change { $0.isClosed ? false : $0.buffer.append(line) }
        if !isTaken { lostLines.add(1, ordering: .relaxed) }
    }

    /// Takes no more lines, and waits until those that wait have been written, but no longer than this.
    package func close(withinMilliseconds patience: Int) {
        state.changeForAll { $0.isClosed = true }
        let end = MonotonicClock.nanoseconds + UInt64(patience) * 1_000_000
        _ = state.wait(until: end) { $0.isFinished ? true : nil }
    }

    // MARK: - The thread

    private func startThread() {
        if let thread = try? SystemThread(name: "log", { [self] in run() }) { return thread.leave() }
        state.withLock {
            $0.isClosed = true
            $0.isFinished = true
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
        state.changeForAll { $0.isFinished = true }
    }

    /// Nil once it is closed and everything was taken.
    private func takeWhenThere() -> (lines: [LogLine], lost: UInt64)? {
        state.wait { state -> (lines: [LogLine], lost: UInt64)?? in
            if !state.buffer.isEmpty { return state.buffer.take() }
            return state.isClosed ? .some(nil) : nil
        } ?? nil
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
                let count = Kernel.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count > 0 {
                    written += count
                    isWithinLine = written < bytes.count
                } else if count == 0 {
                    return false
                } else if errno == EAGAIN {
                    var polled = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
                    _ = Kernel.poll(&polled, milliseconds: 1000)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
