import Foundation
import Synchronization

/// What this app asked and was told, a line of JSON a call: the verdict is computed from it, not from the sidecar's
/// counters.
final class CallLog: Sendable {
    /// One call. Times are monotonic nanoseconds of this process.
    struct Entry: Encodable {
        var kind: String
        var from: UInt64
        var to: UInt64 = 0
        /// The order that the call is about; queries have none.
        var order: Int64?
        /// The store of a query that asks for one.
        var store: String?
        /// The revision that a write made, or that a reader found; none: the order was not there.
        var revision: Int64?
        /// Orders that a call for many found, each with its revision.
        var rows: [[Int64]]?
        /// Orders that a call for many asked for.
        var asked: [Int64]?
        /// Why it failed.
        var failed: String?
    }

    /// Calls since the last look.
    struct Progress: Encodable {
        var calls = 0
        var failed = 0
        var medianMicroseconds: UInt64 = 0
        var p99Microseconds: UInt64 = 0
    }

    private struct State {
        var file: FileHandle
        var durations: [UInt64] = []
        var calls = 0
        var failed = 0
    }

    private let state: Mutex<State>

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        state = Mutex(State(file: file))
    }

    static var now: UInt64 { monotonicNanoseconds() }

    func note(_ entry: Entry) throws {
        var line = try JSONEncoder().encode(entry)
        line.append(UInt8(ascii: "\n"))
        try state.withLock { state in
            state.calls += 1
            if entry.failed != nil { state.failed += 1 }
            state.durations.append(entry.to - entry.from)
            try state.file.write(contentsOf: line)
        }
    }

    func progress() -> Progress {
        let (durations, calls, failed) = state.withLock { state in
            defer { state.durations.removeAll(keepingCapacity: true) }
            return (state.durations.sorted(), state.calls, state.failed)
        }
        var progress = Progress(calls: calls, failed: failed)
        guard !durations.isEmpty else { return progress }
        progress.medianMicroseconds = durations[durations.count / 2] / 1000
        progress.p99Microseconds = durations[durations.count * 99 / 100] / 1000
        return progress
    }
}

private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
