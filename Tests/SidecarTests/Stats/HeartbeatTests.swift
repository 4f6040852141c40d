import EventLoop
import Glibc
import HTTP2
import Testing

@testable import Sidecar

@Suite struct HeartbeatTests {
    @Test func aSilentLoopIsDeadAfterFiveSeconds() {
        let fixture = StatsFixture()
        let last: UInt64 = 1_000_000_000_000
        fixture.counters.set(.heartbeat, last)
        #expect(Heartbeat.isAlive(fixture.counters, at: last))
        #expect(Heartbeat.isAlive(fixture.counters, at: last + 4_999_999_999))
        #expect(!Heartbeat.isAlive(fixture.counters, at: last + 5_000_000_000))
        #expect(Heartbeat.isAlive(fixture.counters, at: last - 1), "clocks of two threads may be read in either order")
    }

    @Test func aRunningLoopBeats() throws {
        let fixture = StatsFixture()
        let thread = try LoopThread(name: "beat")
        let sessions = SessionPool.make(limits: SessionLimits())
        let heartbeat = Heartbeat.start(on: thread.loop, counters: fixture.counters, sessions: sessions)
        let first = fixture.counters.value(.heartbeat)
        #expect(first > 0)
        try thread.start()
        let deadline = MonotonicClock.nanoseconds + 20 * Heartbeat.intervalNanoseconds
        while fixture.counters.value(.heartbeat) == first, MonotonicClock.nanoseconds < deadline { sched_yield() }
        thread.stop()
        thread.join()
        #expect(fixture.counters.value(.heartbeat) >= first + Heartbeat.intervalNanoseconds)
        heartbeat.stop()
        sessions.destroy()
    }
}
