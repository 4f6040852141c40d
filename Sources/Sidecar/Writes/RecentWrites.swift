import EventLoop
import Migration
import Synchronization
import WireFormat

/// What became of the last double writes of the process, for whoever asks after a record. Process-wide.
final class RecentWrites: Sendable {
    static let writesAtMost = 1024

    struct Write: Sendable, Equatable {
        /// Wall clock, seconds since 1970.
        let seconds: Int
        let lane: RecordTable.Key
        let kind: CallKind
        let stage: Stage?
        let epoch: UInt64
        let end: WriteEnd
        /// What a side said where its reply was the answer.
        let status: GRPCStatus
        /// Why it did not end well, in a side's words; may be empty.
        let words: String
    }

    private struct Ring {
        var writes: [Write] = []
        var next = 0
    }

    private let ring = Mutex(Ring())

    func note(
        _ lane: RecordTable.Key, kind: CallKind, stage: Stage?, epoch: UInt64, _ end: WriteEnd, _ status: GRPCStatus,
        _ words: String = ""
    ) {
        let write = Write(
            seconds: Kernel.realTime.seconds, lane: lane, kind: kind, stage: stage, epoch: epoch, end: end,
            status: status,
            words: words)
        ring.withLock { ring in
            if ring.writes.count < Self.writesAtMost {
                ring.writes.append(write)
            } else {
                ring.writes[ring.next] = write
                ring.next = (ring.next + 1) % Self.writesAtMost
            }
        }
    }

    /// Newest first.
    func writes(of lane: RecordTable.Key) -> [Write] {
        ring.withLock { ring in
            let order = ring.writes[ring.next...] + ring.writes[..<ring.next]
            return order.filter { $0.lane == lane }.reversed()
        }
    }
}
