import Testing

@testable import Sidecar

@Suite struct AccessLogTests {
    @Test(arguments: [0, 0.001, 0.01, 0.25, 0.5, 0.9, 1]) func showsItsShareEvenly(share: Double) {
        var log = AccessLog(share: share)
        let shown = (0..<10_000).filter { _ in log.takes() }
        #expect(abs(Double(shown.count) - share * 10_000) <= 1)
        guard share > 0 else { return }
        let gaps = zip(shown, shown.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { abs(Double($0) - 1 / share) <= 1 })
    }
}
