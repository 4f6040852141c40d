import TestSupport
import Testing

@testable import HTTP2

@Suite struct TokenBucketTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func givesTheBurstAndThenTheRate() {
        var bucket = TokenBucket(burst: 3, perSecond: 10)
        let now = 7 * Self.second
        #expect(taken(from: &bucket, at: [now, now, now, now, now]) == [true, true, true, false, false])
        #expect(bucket.nextToken(after: now) == now + 100_000_000)
        let next = now + 100_000_000
        #expect(taken(from: &bucket, at: [next - 1, next, next]) == [false, true, false])
    }

    @Test func fillsUpToTheBurstAndNoFurther() {
        var bucket = TokenBucket(burst: 2, perSecond: 1)
        #expect(taken(from: &bucket, at: [0, 0, 0]) == [true, true, false])
        let later = 3600 * Self.second
        #expect(taken(from: &bucket, at: [later, later, later]) == [true, true, false])
    }

    @Test func oddSettingsAreTakenAsOne() {
        var bucket = TokenBucket(burst: 0, perSecond: 0)
        #expect(taken(from: &bucket, at: [5, 5]) == [true, false])
        #expect(bucket.nextToken(after: 5) == 5 + Self.second)
    }

    /// Against a plain simulation: a count that is refilled, in units of one nanosecond's share of a token.
    @Test(arguments: [11, 12, 13] as [UInt64]) func agreesWithASimulation(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<50 {
            let burst = Int.random(in: 1...20, using: &random)
            let perSecond = [1, 10, 1000, 1_000_000].randomElement(using: &random)!
            let price = Self.second / UInt64(perSecond)
            var bucket = TokenBucket(burst: burst, perSecond: perSecond)
            var now = UInt64.random(in: 0...Self.second, using: &random)
            var filled = UInt64(burst) * price
            for _ in 0..<300 {
                let step = UInt64.random(in: 0...price * 2, using: &random) / 2
                now += step
                filled = min(filled + step, UInt64(burst) * price)
                let next = bucket.nextToken(after: now)
                #expect(next == (filled >= price ? now : now + price - filled))
                let expected = filled >= price
                if expected { filled -= price }
                #expect(taken(from: &bucket, at: [now]) == [expected])
            }
        }
    }

    private func taken(from bucket: inout TokenBucket, at times: [UInt64]) -> [Bool] {
        times.map { bucket.take(at: $0) }
    }
}
