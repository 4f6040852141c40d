import Glibc

/// A value that several threads share, behind a lock.
///
/// A pthread mutex rather than `Synchronization.Mutex`: what that does on Linux is invisible to ThreadSanitizer (Swift
/// 6.3), which then reports every correct use as a race, and the real ones drown.
package final class Locked<Value>: @unchecked Sendable {
    // Sendable because the value is touched under the lock alone.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
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
    }

    /// Runs `body` while no other thread can; it must be short, and must not enter this lock again.
    package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        Kernel.lock(mutex)
        defer { Kernel.unlock(mutex) }
        return body(&value.pointee)
    }

    /// The same for who waits with the lock (`Monitor`): a wait gives it away, and the value is to be read anew then.
    func withLockInHand<Result>(
        _ body: (UnsafeMutablePointer<pthread_mutex_t>, UnsafeMutablePointer<Value>) -> Result
    ) -> Result {
        Kernel.lock(mutex)
        defer { Kernel.unlock(mutex) }
        return body(mutex, value)
    }
}
