/// The monotonic clock of the machine: what deadlines, latencies and back-offs are measured with.
package enum MonotonicClock {
    /// Nanoseconds since an arbitrary start that outlives the process.
    package static var nanoseconds: UInt64 { Kernel.monotonicNanoseconds }
}
