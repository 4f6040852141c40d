import EventLoop
import Glibc
import TestSupport
import Testing

@Suite struct EventLoopTests {
    @Test func readinessIsToldUntilItIsTaken() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        var told = 0
        let watch = try TestWatch(test.loop, one, .readable) { _ in told += 1 }
        #expect(write(other, "x", 1) == 1)
        test.run(until: { told == 3 })
        watch.setInterest([])
        test.turn(3)
        #expect(told == 3)
        watch.setInterest(.readable)
        test.run(until: { told == 4 })
        watch.close()
        close(other)
    }

    /// Thousands that are due together do not keep what is ready waiting; all fire, none twice.
    @Test func timersThatAreDueTogetherLetOthersIn() throws {
        final class Fired {
            var count = 0
        }
        let test = try TestLoop()
        let fired = Fired()
        let count = 5_000
        let timers = UnsafeMutablePointer<Timer>.allocate(capacity: count)
        let due = test.loop.pointee.now
        for index in 0..<count {
            (timers + index).initialize(
                to: Timer(context: Unmanaged.passUnretained(fired).toOpaque()) {
                    Unmanaged<Fired>.fromOpaque($0).takeUnretainedValue().count += 1
                })
            test.loop.arm(timers + index, at: due)
        }
        let (one, other) = try Sockets.pair()
        #expect(write(other, "x", 1) == 1)
        var told: [Int] = []
        let watch = try TestWatch(test.loop, one, .readable) { _ in told.append(fired.count) }
        test.run(until: { fired.count == count })
        let gaps = zip(told, told.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { $0 <= 256 } && gaps.reduce(0, +) > count / 2)
        watch.close()
        close(other)
        timers.deallocate()
    }

    /// Both are ready in one batch; whichever is told first closes the other, which must not be told any more.
    @Test func aWatchClosedInTheSameBatchIsNotTold() throws {
        let test = try TestLoop()
        for _ in 0..<50 {
            let (first, firstPeer) = try Sockets.pair()
            let (second, secondPeer) = try Sockets.pair()
            var told = 0
            var watches: [TestWatch] = []
            watches.append(
                try TestWatch(test.loop, first, .readable) { _ in
                    told += 1
                    watches[1].close()
                    watches[0].close()
                })
            watches.append(
                try TestWatch(test.loop, second, .readable) { _ in
                    told += 1
                    watches[0].close()
                    watches[1].close()
                })
            #expect(write(firstPeer, "x", 1) == 1 && write(secondPeer, "x", 1) == 1)
            test.run(until: { told > 0 })
            #expect(told == 1)
            watches = []
            close(firstPeer)
            close(secondPeer)
        }
    }

    /// The record of a closed watch must not be used anew within the batch: late events of the old descriptor would
    /// reach the new.
    @Test func aWatchOpenedInTheSameBatchHearsNothingOfAnOlderOne() throws {
        let test = try TestLoop()
        var pairs: [(Int32, Int32)] = []
        var watches: [TestWatch] = []
        var late: [TestWatch] = []
        var wrong = 0
        var told = 0
        for _ in 0..<8 {
            let pair = try Sockets.pair()
            pairs.append(pair)
            watches.append(
                try TestWatch(test.loop, pair.0, .readable) { _ in
                    told += 1
                    for watch in watches { watch.close() }
                    for _ in 0..<8 {
                        guard let fresh = try? Sockets.pair() else { continue }
                        pairs.append((-1, fresh.1))
                        if let watch = try? TestWatch(test.loop, fresh.0, .readable, { _ in wrong += 1 }) {
                            late.append(watch)
                        }
                    }
                }
            )
        }
        for pair in pairs { #expect(write(pair.1, "x", 1) == 1) }
        test.run(until: { told > 0 })
        test.turn(3)
        #expect(told == 1 && wrong == 0 && late.count == 8)
        for watch in late { watch.close() }
        for pair in pairs { close(pair.1) }
    }

    @Test func hangUpIsToldEvenWithoutInterest() throws {
        let test = try TestLoop()
        let (one, other) = try Sockets.pair()
        var events: UInt32 = 0
        var watch: TestWatch?
        watch = try TestWatch(test.loop, one, []) { told in
            events = told
            watch?.close()
        }
        close(other)
        test.run(until: { events != 0 })
        #expect(events & 0x10 != 0)
    }

    @Test func timersFireInOrderAndNeverEarly() throws {
        let test = try TestLoop()
        var random = SeededRandom(seed: 11)
        let start = test.loop.pointee.now
        var fired: [(due: UInt64, at: UInt64)] = []
        var alarms: [Alarm] = []
        for _ in 0..<200 {
            let due = start + UInt64.random(in: 0...30_000_000, using: &random)
            let alarm = Alarm(test.loop) { fired.append((due, MonotonicClock.nanoseconds)) }
            alarm.arm(at: due)
            alarms.append(alarm)
        }
        for alarm in alarms[..<50] { alarm.disarm() }
        test.run(until: { fired.count == 150 })
        #expect(fired.allSatisfy { $0.at >= $0.due })
        #expect(zip(fired, fired.dropFirst()).allSatisfy { $0.due / 1_000_000 <= $1.due / 1_000_000 })
        #expect(alarms.allSatisfy { !$0.isArmed })
    }

    @Test func aTimerMayArmAndDisarmOthersWhileItFires() throws {
        let test = try TestLoop()
        var fired: [String] = []
        let victim = Alarm(test.loop) { fired.append("victim") }
        let later = Alarm(test.loop) { fired.append("later") }
        let first = Alarm(test.loop) {
            fired.append("first")
            victim.disarm()
            later.arm(at: 0)
        }
        victim.arm(at: test.loop.pointee.now + 5_000_000)
        first.arm(at: test.loop.pointee.now + 1_000_000)
        test.run(until: { fired.last == "later" })
        #expect(fired == ["first", "later"])
    }

    @Test func theEndOfABatchComesOnceAfterAllItsEvents() throws {
        let test = try TestLoop()
        var log: [String] = []
        var pairs: [(Int32, Int32)] = []
        var watches: [TestWatch] = []
        for _ in 0..<3 {
            let pair = try Sockets.pair()
            pairs.append(pair)
            watches.append(
                try TestWatch(test.loop, pair.0, .readable) { _ in
                    var byte: UInt8 = 0
                    read(pair.0, &byte, 1)
                    log.append("event")
                }
            )
            #expect(write(pair.1, "x", 1) == 1)
        }
        test.run(until: {
            log.append("end")
            return log.contains("event")
        })
        #expect(log == ["end", "event", "event", "event", "end"])
        watches = []
        for pair in pairs { close(pair.1) }
    }

    @Test func isCurrentNamesTheThreadThatRuns() throws {
        let thread = try LoopThread(name: "current")
        #expect(thread.loop.isCurrent, "a loop that does not run is its maker's")
        let seen = Flag()
        thread.mailbox.post { [loop = Carried(thread.loop)] in seen.value = loop.pointer.isCurrent }
        try thread.start()
        thread.stop()
        thread.join()
        #expect(seen.value)
        #expect(thread.loop.isCurrent)
    }

    private final class Flag: @unchecked Sendable {
        // Sendable because it is read after the thread that sets it was joined.
        var value = false
    }

    private struct Carried: @unchecked Sendable {
        // Sendable because the loop's own thread alone uses it.
        let pointer: UnsafeMutablePointer<EventLoop>
        init(_ pointer: UnsafeMutablePointer<EventLoop>) { self.pointer = pointer }
    }
}
