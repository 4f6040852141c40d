package import EventLoop
package import HTTP2

/// A worker's sign of life: once a second its loop writes down the time, and with it the gauges that need no better.
package struct Heartbeat {
    private let loop: UnsafeMutablePointer<EventLoop>
    private let counters: WorkerCounters
    private let sessions: UnsafeMutablePointer<SessionPool>
    private let timer: UnsafeMutablePointer<Timer>

    package static let intervalNanoseconds: UInt64 = 1_000_000_000
    /// A loop that was silent for so long does not answer.
    package static let patienceNanoseconds: UInt64 = 5_000_000_000

    /// Beats from now on, on `loop`, until `stop`. Before the loop runs, or on its thread.
    package static func start(
        on loop: UnsafeMutablePointer<EventLoop>, counters: WorkerCounters, sessions: UnsafeMutablePointer<SessionPool>
    ) -> UnsafeMutablePointer<Heartbeat> {
        let heartbeat = UnsafeMutablePointer<Heartbeat>.allocate(capacity: 1)
        let timer = UnsafeMutablePointer<Timer>.allocate(capacity: 1)
        timer.initialize(to: Timer(context: heartbeat) { $0.assumingMemoryBound(to: Heartbeat.self).pointee.beat() })
        heartbeat.initialize(to: Heartbeat(loop: loop, counters: counters, sessions: sessions, timer: timer))
        heartbeat.pointee.beat()
        return heartbeat
    }

    /// Whether the loop of these counters was alive a moment ago.
    package static func isAlive(_ counters: WorkerCounters, at now: UInt64) -> Bool {
        let last = counters.value(.heartbeat)
        return now < last || now - last < patienceNanoseconds
    }

    private func beat() {
        counters.set(.heartbeat, MonotonicClock.nanoseconds)
        counters.set(.bufferedBytes, UInt64(max(sessions.pointee.buffered.bytes, 0)))
        loop.arm(timer, at: MonotonicClock.nanoseconds + Self.intervalNanoseconds)
    }

    fileprivate func end() {
        loop.disarm(timer)
        timer.deallocate()
    }
}

extension UnsafeMutablePointer<Heartbeat> {
    /// No more beats; frees it. On the loop's thread, or after its end.
    package func stop() {
        pointee.end()
        deinitialize(count: 1)
        deallocate()
    }
}
