import Testing

@testable import Sidecar

@Suite struct ResetAllowanceTests {
    /// - Parameter learns: whether it is less from then on.
    private func expect(_ allowance: inout ResetAllowance, cut count: Int, _ learns: Bool) {
        let isLess = allowance.connectionCut(afterResets: count)
        #expect(isLess == learns)
    }

    @Test func asTheLimitsSayUntilTheUpstreamShowsThatItTakesLess() {
        var allowance = ResetAllowance(burst: 1_000_000, perSecond: 1_000_000)
        expect(&allowance, cut: 9, false)
        #expect(allowance.burst == 1_000_000)
        // nghttp2 ends the connection at the 1,001st.
        expect(&allowance, cut: 1001, true)
        #expect(allowance.burst == 500 && allowance.perSecond == 8)
        // Netty at the 201st within 30 s.
        expect(&allowance, cut: 201, true)
        #expect(allowance.burst == 100 && allowance.perSecond == 1)
        // It cannot have been the resets: there were fewer than it took before.
        expect(&allowance, cut: 5, false)
        #expect(allowance.burst == 100)
    }

    /// What was learned stays below the limit in every window of 30 s.
    @Test(arguments: [20, 100, 201, 1001, 5000]) func staysBelowWhatWasTaken(_ limit: Int) {
        var allowance = ResetAllowance(burst: 1_000_000, perSecond: 1_000_000)
        expect(&allowance, cut: limit, true)
        #expect(allowance.burst + 30 * allowance.perSecond < limit || limit < 100)
    }

    @Test func countsTheLastHalfMinute() {
        var count = RecentCount()
        let second: UInt64 = 1_000_000_000
        let start = 1000 * second
        for _ in 0..<5 { count.add(at: start) }
        #expect(count.count(at: start + 29 * second) == 5)
        for _ in 0..<3 { count.add(at: start + 31 * second) }
        #expect(count.count(at: start + 32 * second) == 8)
        #expect(count.count(at: start + 62 * second) == 3)
        #expect(count.count(at: start + 200 * second) == 0)
        count.add(at: start + 300 * second)
        #expect(count.count(at: start + 300 * second) == 1)
    }
}
