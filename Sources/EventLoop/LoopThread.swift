import CLinux
import Glibc

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
    private var thread: pthread_t?

    /// A loop whose thread does not run yet: what is set up before `start` belongs to the caller's thread.
    package init(name: String) throws(SystemError) {
        loop = try EventLoop.make()
        mailbox = loop.pointee.mailbox
        self.name = name
    }

    deinit {
        if let running = thread {
            // Not `stop`: nothing may refer to what is on its way out.
            let loop = Running(loop: loop, name: name)
            mailbox.post { loop.loop.stop() }
            pthread_join(running, nil)
        }
        loop.destroy()
    }

    /// What the thread works with: never the object, whose last reference it would drop on the thread itself.
    private final class Running: @unchecked Sendable {
        // Sendable because the loop is touched by its own thread alone while that runs.
        let loop: UnsafeMutablePointer<EventLoop>
        let name: String

        init(loop: UnsafeMutablePointer<EventLoop>, name: String) {
            self.loop = loop
            self.name = name
        }
    }

    /// Starts the thread. All signals are blocked on it: they are the main thread's.
    package func start() throws(SystemError) {
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var created = pthread_t()
        let work = Unmanaged.passRetained(Running(loop: loop, name: name))
        let status = pthread_create(
            &created, nil,
            { context in
                guard let context else { return nil }
                let running = Unmanaged<Running>.fromOpaque(context).takeRetainedValue()
                running.name.withCString { name_thread($0) }
                running.loop.run()
                return nil
            }, work.toOpaque())
        if status != 0 {
            work.release()
            throw SystemError(call: "pthread_create", code: status)
        }
        thread = created
    }

    /// Whether the caller, who is an owner, is on the thread itself.
    package var isCurrent: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }

    /// Asks the loop to stop after its present batch.
    package func stop() {
        let running = Running(loop: loop, name: name)
        mailbox.post { running.loop.stop() }
    }

    /// Waits for the thread to end.
    package func join() {
        guard let running = thread else { return }
        pthread_join(running, nil)
        thread = nil
    }
}
