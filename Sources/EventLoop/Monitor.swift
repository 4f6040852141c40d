import Glibc

/// A value that several threads share, behind a lock, and on whose changes they can wait.
package final class Monitor<Value>: @unchecked Sendable {
    // Sendable because the value is touched under the lock alone. It is in memory of its own: a wait gives the lock
    // away, and what others change meanwhile is to be read anew.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed = Kernel.makeCondition()
    private let value: UnsafeMutablePointer<Value>

    package init(_ value: sending Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        Kernel.free(changed)
    }

    /// Runs `body` while no other thread can; it must be short, and must not enter this lock again.
    package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value.pointee)
    }

    /// The same, and wakes one thread that waits.
    package func change<Result>(_ body: (inout Value) -> Result) -> Result {
        withLock {
            defer { Kernel.signal(changed) }
            return body(&$0)
        }
    }

    /// The same, and wakes all that wait.
    package func changeForAll<Result>(_ body: (inout Value) -> Result) -> Result {
        withLock {
            defer { Kernel.broadcast(changed) }
            return body(&$0)
        }
    }

    /// Waits until `take` has a result; nil once `end`, monotonic nanoseconds, is over.
    package func wait<Result>(until end: UInt64 = .max, _ take: (inout Value) -> Result?) -> Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = take(&value.pointee) { return result }
            guard Kernel.wait(changed, mutex, until: end) else { return take(&value.pointee) }
        }
    }
}
