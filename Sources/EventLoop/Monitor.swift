/// A value that several threads share, behind a lock, and on whose changes they can wait.
package final class Monitor<Value>: @unchecked Sendable {
    // Sendable because `Locked` is, and a condition is made to be used by several threads.
    private let state: Locked<Value>
    private let changed = Kernel.makeCondition()

    package init(_ value: sending Value) { state = Locked(value) }

    deinit { Kernel.free(changed) }

    /// Runs `body` while no other thread can; it must be short, and must not enter this lock again.
    package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        state.withLock(body)
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
        state.withLockInHand { mutex, value in
            while true {
                if let result = take(&value.pointee) { return result }
                guard Kernel.wait(changed, mutex, until: end) else { return take(&value.pointee) }
            }
        }
    }
}
