import Glibc
import Testing

@testable import Sidecar

@Suite struct ProcessStatisticsTests {
    @Test func theKernelsLineIsReadWhateverTheProcessIsCalled() {
        var statistics = ProcessStatistics()
        let name = "a) S 1 (b"
        let line =
            "4242 (\(name)) S 1 4242 4242 0 -1 4194560 7 0 0 0 250 50 0 0 20 0 9 0 12300 104857600 2500 1"
        statistics.take(stat: line, bootSeconds: 1_700_000_000)
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        #expect(statistics.cpuSeconds == 300 / ticks)
        #expect(statistics.threads == 9)
        #expect(statistics.virtualBytes == 104_857_600)
        #expect(statistics.residentBytes == 2500 * UInt64(sysconf(Int32(_SC_PAGESIZE))))
        #expect(statistics.startSeconds == 1_700_000_000 + 12_300 / ticks)
    }

    @Test(arguments: ["", "4242", "4242 (x", "4242 (x) S 1 2", ")"])
    func aLineThatIsCutShortChangesNothing(line: String) {
        var statistics = ProcessStatistics()
        statistics.take(stat: line, bootSeconds: 1)
        #expect(statistics == ProcessStatistics())
    }

    @Test func thisProcessIsPlausible() {
        let statistics = ProcessStatistics.read()
        #expect(statistics.residentBytes > 1 << 20)
        #expect(statistics.virtualBytes >= statistics.residentBytes)
        #expect(statistics.openDescriptors >= 3)
        #expect(statistics.threads >= 1)
        #expect(statistics.startSeconds > 1_600_000_000 && statistics.startSeconds < Double(time(nil)) + 1)
    }
}
