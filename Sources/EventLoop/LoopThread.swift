/// A thread that runs one event loop from `start` to `join`.
///
/// Whoever drops the last reference to one that still runs, as a start does that fails halfway, stops it and waits for
/// its end.
package final class LoopThread: @unchecked Sendable {
    // Sendable because the loop is touched from other threads through its mailbox alone, and `thread` by the owner
    // alone.
    package let loop: UnsafeMutablePointer<EventLoop>
    package let mailbox: Mailbox
    private let name: String
    private var thread: SystemThread?

    /// A loop whose thread does not run yet: what is set up before `start` belongs to the caller's thread.
    package init(name: String) throws(SystemError) {
        loop = try EventLoop.make()
        mailbox = loop.pointee.mailbox
        self.name = name
    }

    deinit {
        if let running = thread {
            // Not `stop`: nothing may refer to what is on its way out.
            let loop = Running(loop: loop)
            mailbox.post { loop.loop.stop() }
            running.join()
        }
        loop.destroy()
    }

    /// What the thread works with: never the object, whose last reference it would drop on the thread itself.
    private final class Running: @unchecked Sendable {
        // Sendable because the loop is touched by its own thread alone while that runs.
        let loop: UnsafeMutablePointer<EventLoop>

        init(loop: UnsafeMutablePointer<EventLoop>) { self.loop = loop }
    }

    /// Starts the thread. All signals are blocked on it: they are the main thread's.
    package func start() throws(SystemError) {
        let running = Running(loop: loop)
        thread = try SystemThread(name: name) { running.loop.run() }
    }

    /// Whether the caller, who is an owner, is on the thread itself.
    package var isCurrent: Bool { thread?.isCurrent ?? false }

    /// Asks the loop to stop after its present batch.
    package func stop() {
        let running = Running(loop: loop)
        mailbox.post { running.loop.stop() }
    }

    /// Waits for the thread to end.
    package func join() {
        thread?.join()
        thread = nil
    }
}
