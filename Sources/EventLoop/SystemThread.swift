/// A thread that runs one function. All signals are blocked on it: they are the main thread's.
package final class SystemThread: Sendable {
    private final class Work: Sendable {
        let name: String?
        let run: @Sendable () -> Void

        init(name: String?, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private let thread: UInt
    private let isGivenAway = Locked(false)

    /// Starts the thread.
    ///
    /// - Parameter name: what ps and top show, at most 15 bytes.
    package init(name: String? = nil, _ run: @escaping @Sendable () -> Void) throws(SystemError) {
        let work = Unmanaged.passRetained(Work(name: name, run: run))
        thread = Kernel.startThread(work.toOpaque()) { context in
            let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
            if let name = work.name { Kernel.nameThread(name) }
            work.run()
        }
        if thread == 0 {
            let error = SystemError(call: "pthread_create")
            work.release()
            _ = takeAway()
            throw error
        }
    }

    /// One that nobody joined goes on to its end alone.
    deinit { leave() }

    package var isCurrent: Bool { thread == Kernel.currentThread }

    /// Waits for the thread to end; on the thread itself it goes on to its end alone. A second call does nothing.
    package func join() {
        guard takeAway() else { return }
        if isCurrent { Kernel.detach(thread) } else { Kernel.join(thread) }
    }

    /// Lets it go on to its end alone.
    package func leave() { if takeAway() { Kernel.detach(thread) } }

    private func takeAway() -> Bool {
        isGivenAway.withLock { isGivenAway in
            defer { isGivenAway = true }
            return !isGivenAway
        }
    }
}
