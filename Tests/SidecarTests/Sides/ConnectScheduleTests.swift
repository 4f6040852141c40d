import TestSupport
import Testing

@testable import Sidecar

@Suite struct ConnectScheduleTests {
    @Test func delaysGrowToTheLongest() {
        var schedule = ConnectSchedule(first: 1000, longest: 5000)
        // The middle of the spread: random % (2 * spread + 1) == spread.
        var waits: [UInt64] = []
        for (index, delay) in ([1000, 1600, 2560, 4096, 5000, 5000] as [UInt64]).enumerated() {
            let now = UInt64(index) * 1_000_000
            let again = schedule.failed(at: now, random: delay / 5)
            #expect(schedule.restsUntil == again && schedule.failures == index + 1)
            waits.append(again - now)
        }
        #expect(waits == [1000, 1600, 2560, 4096, 5000, 5000])
    }

    @Test(arguments: [51, 52, 53] as [UInt64]) func delaysAreSpreadByAFifth(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var seen: Set<UInt64> = []
        for _ in 0..<2000 {
            var schedule = ConnectSchedule(first: 100, longest: 100)
            let wait = schedule.failed(at: 7, random: random.next()) - 7
            #expect((80...120).contains(wait))
            seen.insert(wait)
        }
        #expect(seen == Set(80...120))
    }

    @Test func successBeginsAnew() {
        var schedule = ConnectSchedule(first: 1000, longest: 60_000)
        for _ in 0..<5 { _ = schedule.failed(at: 0, random: 0) }
        schedule.succeeded()
        #expect(schedule.failures == 0 && schedule.restsUntil == 0)
        #expect(schedule.failed(at: 0, random: 200) == 1000)
    }

    @Test func shortLivedConnectionIsNotMadeAnewAtOnce() {
        var schedule = ConnectSchedule(first: 1000, longest: 60_000)
        schedule.left(since: 5000)
        #expect(schedule.restsUntil == 6000 && schedule.failures == 0)
        let again = schedule.failed(at: 50_000, random: 0)
        schedule.left(since: 5000)
        #expect(schedule.restsUntil == again)
    }

    @Test func smallestSettingsDoNotTrap() {
        var schedule = ConnectSchedule(first: 1, longest: 0)
        #expect(schedule.failed(at: 10, random: .max) == 11)
        #expect(schedule.failed(at: 10, random: .max) >= 10)
        var none = ConnectSchedule(first: 0, longest: 0)
        #expect(none.failed(at: 10, random: .max) == 10)
    }
}
