import Glibc

/// The monotonic clock of the machine: what deadlines, latencies and back-offs are measured with.
package enum MonotonicClock {
    /// Nanoseconds since an arbitrary start that outlives the process.
    package static var nanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
