import Glibc

/// A thread of a store's own, for calls that block.
final class StoreThread: @unchecked Sendable {
    // Sendable because `thread` is written before the value is shared.
    private let thread: pthread_t

    /// Starts the thread; nil if the system has none left. All signals are blocked on it: they are the main thread's.
    init?(_ body: @escaping @Sendable () -> Void) {
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let work = Unmanaged.passRetained(Body(run: body))
        var created = pthread_t()
        let status = pthread_create(
            &created, nil,
            { context in
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            work.release()
            return nil
        }
        thread = created
    }

    /// Waits for the thread to end; on the thread itself it goes on to its end alone.
    func join() {
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
