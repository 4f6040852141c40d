package import EventLoop
import HTTP2
package import Logging
import Migration
import WireFormat

/// What loops that serve calls hand to others: log messages, which the log's thread writes, and what takes long to
/// free.
package struct LogMail: Sendable {
    private let logger: Logger
    private let mailbox: Mailbox

    package init(logger: Logger, mailbox: Mailbox) {
        self.logger = logger
        self.mailbox = mailbox
    }

    func post(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:]) {
        guard level >= logger.logLevel else { return }
        logger.log(level: level, "\(message)", metadata: metadata)
    }

    /// Releases an object on the mailed loop: to free a set of a million keys takes milliseconds.
    func retire(_ object: some AnyObject & Sendable) {
        mailbox.post { withExtendedLifetime(object) {} }
    }
}

/// Chooses the calls that the access log shows: a steady share of all, without a look at a clock or a random source
/// of the system.
struct AccessLog {
    private let share: Double
    private var owed = 0.0

    /// `share` of the calls, 0 to 1.
    init(share: Double) { self.share = share }

    /// Whether this call is shown.
    mutating func takes() -> Bool {
        owed += share
        guard owed >= 1 else { return false }
        owed -= 1
        return true
    }
}

extension WorkerPointer {
    /// One line for a call that has ended, if it is one of those to be shown.
    func logAccess(_ call: CallPointer) {
        guard pointee.accessLog?.takes() == true else { return }
        let path =
            call.pointee.client.pointee.fields.first(.path).map { String(decoding: $0.valueBytes, as: UTF8.self) }
            ?? "-"
        let sides =
            call.pointee.held == nil
            ? "\(call.pointee.side.name)" : "\(call.pointee.side.other.name),\(call.pointee.side.name)"
        let microseconds = (pointee.loop.pointee.now &- call.pointee.arrivedAt) / 1000
        pointee.logs.post(
            .info, "call",
            [
                "method": .string(path), "stage": .string(call.pointee.stage.map { "\($0.name)" } ?? "-"),
                "sides": .string(call.pointee.stage == nil ? "-" : sides),
                "epoch": .stringConvertible(call.pointee.epoch),
                "status": .string(call.pointee.status.name), "microseconds": .stringConvertible(microseconds),
            ]
        )
    }
}
