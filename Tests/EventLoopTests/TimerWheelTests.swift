import EventLoop
import TestSupport
import Testing

@Suite struct TimerWheelTests {
    /// Timers in one block of memory; the context of each is its own address.
    private final class Timers {
        let base: UnsafeMutablePointer<Timer>
        let count: Int

        init(_ count: Int) {
            self.count = count
            base = .allocate(capacity: count)
            for index in 0..<count { (base + index).initialize(to: Timer(context: base + index) { _ in }) }
        }

        deinit { base.deallocate() }

        subscript(index: Int) -> UnsafeMutablePointer<Timer> { base + index }
        func index(of timer: UnsafeMutablePointer<Timer>) -> Int { timer - base }
    }

    @Test func aTimerFiresAtItsTickAndNotBefore() {
        var wheel = TimerWheel(now: 1000)
        let timers = Timers(1)
        for distance: UInt64 in [
            1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 1 << 24 - 1, 1 << 24, 1 << 24 + 1, 1 << 31,
            1 << 32 - 1,
        ] {
            let tick = wheel.current + distance
            wheel.arm(timers[0], at: tick)
            #expect(timers[0].pointee.isArmed)
            #expect(wheel.popExpired(at: tick - 1) == nil, "distance \(distance)")
            #expect(wheel.popExpired(at: tick) == timers[0], "distance \(distance)")
            #expect(!timers[0].pointee.isArmed)
            #expect(wheel.popExpired(at: tick) == nil)
            #expect(wheel.nextTick == nil)
        }
    }

    @Test func aPassedTickFiresOnTheNext() {
        var wheel = TimerWheel(now: 500)
        let timers = Timers(2)
        wheel.arm(timers[0], at: 3)
        wheel.arm(timers[1], at: 500)
        #expect(wheel.popExpired(at: 500) == nil)
        #expect(wheel.nextTick == 501)
        #expect(wheel.popExpired(at: 501) != nil)
        #expect(wheel.popExpired(at: 501) != nil)
        #expect(wheel.count == 0)
    }

    @Test func whatIsBeyondTheHorizonFiresAtTheHorizon() {
        var wheel = TimerWheel(now: 77)
        let timers = Timers(1)
        wheel.arm(timers[0], at: .max)
        let horizon: UInt64 = 77 + (1 << 32) - 1
        #expect(wheel.popExpired(at: horizon - 1) == nil)
        #expect(wheel.popExpired(at: horizon) == timers[0])
    }

    @Test func disarmingTwiceAndArmingAgainIsHarmless() {
        var wheel = TimerWheel(now: 0)
        let timers = Timers(3)
        for index in 0..<3 { wheel.arm(timers[index], at: 10) }
        wheel.disarm(timers[1])
        wheel.disarm(timers[1])
        #expect(wheel.count == 2)
        wheel.arm(timers[0], at: 20)
        #expect(wheel.count == 2)
        #expect(wheel.popExpired(at: 15) == timers[2])
        #expect(wheel.popExpired(at: 15) == nil)
        #expect(wheel.popExpired(at: 20) == timers[0])
    }

    /// Random arming, disarming and advancing against a dictionary that says what is due.
    @Test(arguments: UInt64(1)...24)
    func behavesAsASortedListWould(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let start = UInt64.random(in: 0...(1 << 40), using: &random)
        var wheel = TimerWheel(now: start)
        let timers = Timers(300)
        var model: [Int: UInt64] = [:]
        for _ in 0..<4000 {
            let index = Int.random(in: 0..<timers.count, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let tick = wheel.current &+ Self.distance(&random)
                wheel.arm(timers[index], at: tick)
                model[index] = min(max(tick, wheel.current + 1), wheel.current + (1 << 32) - 1)
            case 5..<7:
                wheel.disarm(timers[index])
                model[index] = nil
            default:
                advance(&wheel, to: wheel.current + Self.distance(&random), timers, &model)
            }
            #expect(wheel.count == model.count)
            checkNextTick(wheel.nextTick, wheel.current, model)
        }
        while let last = model.values.max() { advance(&wheel, to: last, timers, &model) }
        #expect(wheel.count == 0)
    }

    /// Of every size with the same likelihood, often just beside a boundary of a level.
    private static func distance(_ random: inout SeededRandom) -> UInt64 {
        let bits = UInt64.random(in: 0...33, using: &random)
        let distance = UInt64.random(in: 0...(1 << bits), using: &random)
        let shift = UInt64(8 * Int.random(in: 1...3, using: &random))
        return Bool.random(using: &random) ? distance : (distance >> shift) << shift
    }

    private func advance(
        _ wheel: inout TimerWheel, to tick: UInt64, _ timers: Timers, _ model: inout [Int: UInt64]
    ) {
        var last: UInt64 = 0
        var fired: Set<Int> = []
        while let timer = wheel.popExpired(at: tick) {
            let index = timers.index(of: timer)
            guard let due = model.removeValue(forKey: index) else {
                Issue.record("timer \(index) fired and was not set")
                return
            }
            #expect(due <= tick, "fired \(due - min(tick, due)) ticks early")
            #expect(due >= last, "fired out of order")
            #expect(!timer.pointee.isArmed)
            last = due
            fired.insert(index)
        }
        #expect(wheel.current == tick)
        #expect(model.values.allSatisfy { $0 > tick }, "a timer that is due did not fire")
    }

    /// Never later than the first timer, never in the past; else a loop would oversleep or spin.
    private func checkNextTick(_ next: UInt64?, _ current: UInt64, _ model: [Int: UInt64]) {
        guard let first = model.values.min() else {
            #expect(next == nil)
            return
        }
        #expect(next != nil)
        if let next { #expect(next > current && next <= first) }
    }

    /// The cost is printed, not judged: machines differ. That it does not grow with the number pending is what the
    /// wheel is for.
    @Test(arguments: [1000, 100_000])
    func manyPendingTimersCost(pending: Int) {
        var random = SeededRandom(seed: 7)
        var wheel = TimerWheel(now: 0)
        let timers = Timers(pending)
        let ticks = (0..<pending).map { _ in UInt64.random(in: 1...30_000, using: &random) }
        let arming = nanoseconds { for index in 0..<pending { wheel.arm(timers[index], at: ticks[index]) } }
        let rearming = nanoseconds { for index in 0..<pending { wheel.arm(timers[index], at: ticks[index] + 500) } }
        var fired = 0
        let firing = nanoseconds {
            for tick in stride(from: UInt64(1), through: 31_000, by: 1) {
                while wheel.popExpired(at: tick) != nil { fired += 1 }
            }
        }
        #expect(fired == pending)
        print(
            "timer wheel, \(pending) pending: arm \(arming / pending) ns, arm again \(rearming / pending) ns,",
            "fire (with 31,000 ticks) \(firing / pending) ns each"
        )
    }

    private func nanoseconds(_ work: () -> Void) -> Int {
        let start = MonotonicClock.nanoseconds
        work()
        return Int(MonotonicClock.nanoseconds - start)
    }
}
