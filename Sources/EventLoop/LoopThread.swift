import CLinux
import Glibc

/// A thread that runs one event loop from `start` to `join`.
package final class LoopThread: @unchecked Sendable {
    // Sendable because the loop is touched from other threads through its mailbox alone, and `thread` by the owner
    // alone.
    package let loop: UnsafeMutablePointer<EventLoop>
    package let mailbox: Mailbox
    private let name: String
    private var thread: pthread_t?

    /// A loop whose thread does not run yet: what is set up before `start` belongs to the caller's thread.
    package init(name: String) throws(SystemError) {
        loop = try EventLoop.make()
        mailbox = loop.pointee.mailbox
        self.name = name
    }

    deinit {
        precondition(thread == nil, "a loop's thread must be joined before the loop is freed")
        loop.destroy()
    }

    /// Starts the thread. All signals are blocked on it: they are the main thread's.
    package func start() throws(SystemError) {
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var created = pthread_t()
        let status = pthread_create(
            &created, nil,
            { context in
                let thread = Unmanaged<LoopThread>.fromOpaque(context!).takeUnretainedValue()
                thread.name.withCString { name_thread($0) }
                thread.loop.run()
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        if status != 0 { throw SystemError(call: "pthread_create", code: status) }
        thread = created
    }

    /// Whether the caller, who is an owner, is on the thread itself.
    package var isCurrent: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }

    /// Asks the loop to stop after its present batch.
    package func stop() { mailbox.post { self.loop.stop() } }

    /// Waits for the thread to end.
    package func join() {
        guard let running = thread else { return }
        pthread_join(running, nil)
        thread = nil
    }
}
