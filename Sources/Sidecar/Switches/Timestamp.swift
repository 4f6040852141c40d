import EventLoop
import Foundation

/// The time of day, for people: nothing is decided by it.
enum Timestamp {
    /// RFC 3339, UTC, whole seconds.
    static var now: String { text(seconds: Kernel.realTime.seconds) }

    static func text(seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).ISO8601Format(.iso8601)
    }

    /// Since 1970.
    static var seconds: Double {
        let time = Kernel.realTime
        return Double(time.seconds) + Double(time.nanoseconds) / 1e9
    }
}
