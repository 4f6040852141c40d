import CLinux
import Glibc

/// Messages from other threads to one event loop: a queue behind a lock, and an eventfd that wakes the loop.
///
/// For what is rare (a handed-over connection, a new switch snapshot, a stop): calls never cross loops.
package final class Mailbox: Sendable {
    package typealias Message = @Sendable () -> Void

    private struct Box {
        var messages: [Message] = []
        var isClosed = false
    }

    private let box = Locked(Box())
    /// Readable when there is mail.
    let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = Kernel.makeEvent()
        if descriptor < 0 { throw SystemError(call: "eventfd") }
    }

    deinit { Kernel.close(descriptor) }

    /// Leaves `message` for the loop's thread. Returns false, and drops it, once the loop has stopped.
    @discardableResult
    package func post(_ message: @escaping Message) -> Bool {
        let (accepted, wasEmpty) = box.withLock { box in
            guard !box.isClosed else { return (false, false) }
            box.messages.append(message)
            return (true, box.messages.count == 1)
        }
        if wasEmpty { wake() }
        return accepted
    }

    /// Takes all mail; called by the loop when `descriptor` is readable.
    func takeAll() -> [Message] {
        var count: UInt64 = 0
        Kernel.read(descriptor, &count, MemoryLayout<UInt64>.size)
        return box.withLock { box in
            let messages = box.messages
            box.messages = []
            return messages
        }
    }

    /// Refuses further mail and returns what is left.
    func shut() -> [Message] {
        box.withLock { box in
            box.isClosed = true
            let messages = box.messages
            box.messages = []
            return messages
        }
    }

    private func wake() {
        var one: UInt64 = 1
        Kernel.write(descriptor, &one, MemoryLayout<UInt64>.size)
    }
}
