import EventLoop

/// A reference to something of one loop on its way through other threads. Wherever its last copy is dropped, the value
/// is released on its loop: what it holds belongs there, down to its end.
final class LoopBound<Value: AnyObject>: @unchecked Sendable {
    // Sendable because the value is touched on its loop's thread alone.
    private let held: Unmanaged<Value>
    private let loop: UnsafeMutablePointer<EventLoop>
    private let mailbox: Mailbox

    /// On the loop's thread.
    init(_ value: Value, to loop: UnsafeMutablePointer<EventLoop>) {
        held = .passRetained(value)
        self.loop = loop
        mailbox = loop.pointee.mailbox
    }

    /// On the loop's thread.
    var value: Value { held.takeUnretainedValue() }

    deinit {
        if loop.isCurrent { return held.release() }
        let carried = Carried(held: held)
        // A loop that has stopped takes no mail: the process is at its end, and so is the value.
        mailbox.post { carried.held.release() }
    }

    private struct Carried: @unchecked Sendable {
        let held: Unmanaged<Value>
    }
}
