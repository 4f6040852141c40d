import Foundation
import Testing

@testable import Sidecar

@Suite struct PrometheusTextTests {
    /// Metrics by their whole name and labels.
    private static func samples(_ text: String) -> [String: String] {
        var samples: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            #expect(samples[String(line[..<space])] == nil, "twice: \(line)")
            samples[String(line[..<space])] = String(line[line.index(after: space)...])
        }
        return samples
    }

    @Test func callsAppearWithTheirLabels() {
        let fixture = StatsFixture()
        fixture.counters.callStarted(method: 0)
        fixture.counters.callStarted(method: 0)
        fixture.counters.callFinished(method: 0, stage: 2, status: 5, nanoseconds: 120_000, sideNanoseconds: 100_000)
        fixture.counters.legFinished(method: 0, side: 1, status: 0, nanoseconds: 20_000_000_000)
        let samples = Self.samples(PrometheusText.render(fixture.snapshot))
        let method = "migration=\"orders\",method=\"shop.v1.Orders/Get\",kind=\"single_query\""
        #expect(samples["switchover_calls_total{\(method),stage=\"dualNew\",status=\"NOT_FOUND\"}"] == "1")
        #expect(samples["switchover_calls_in_flight{\(method)}"] == "1")
        let histogram = "switchover_call_duration_seconds"
        #expect(samples["\(histogram)_bucket{\(method),stage=\"dualNew\",le=\"0.0001\"}"] == "0")
        #expect(samples["\(histogram)_bucket{\(method),stage=\"dualNew\",le=\"0.00015\"}"] == "1")
        #expect(samples["\(histogram)_bucket{\(method),stage=\"dualNew\",le=\"10\"}"] == "1")
        #expect(samples["\(histogram)_bucket{\(method),stage=\"dualNew\",le=\"+Inf\"}"] == "1")
        #expect(samples["\(histogram)_sum{\(method),stage=\"dualNew\"}"] == "0.00012")
        #expect(samples["\(histogram)_count{\(method),stage=\"dualNew\"}"] == "1")
        #expect(samples["switchover_hop_duration_seconds_sum{\(method)}"] == "0.00002")
        #expect(samples["switchover_hop_duration_seconds_bucket{\(method),le=\"0.00005\"}"] == "1")
        #expect(samples["switchover_side_calls_total{\(method),side=\"new\",status=\"OK\"}"] == "1")
        let side = "switchover_side_duration_seconds"
        #expect(samples["\(side)_bucket{\(method),side=\"new\",le=\"10\"}"] == "0")
        #expect(samples["\(side)_bucket{\(method),side=\"new\",le=\"+Inf\"}"] == "1")
        #expect(samples["\(side)_sum{\(method),side=\"new\"}"] == "20")
    }

    @Test func onlyWhatIsUsedAppearsButTotalsAlways() {
        let fixture = StatsFixture()
        let text = PrometheusText.render(fixture.snapshot)
        #expect(!text.contains("switchover_calls_total") && !text.contains("duration_seconds"))
        let samples = Self.samples(text)
        #expect(samples["switchover_client_connections_accepted_total"] == "0")
        #expect(samples["switchover_upstream_connect_failures_total{upstream=\"orders-new\"}"] == "0")
        #expect(samples["switchover_refusals_total{code=\"no-switches\"}"] == "0")
        #expect(samples["switchover_records_dirty_total{migration=\"stock\"}"] == "0")
        #expect(samples["switchover_lane_wait_seconds_count{migration=\"orders\"}"] == "0")
        #expect(samples["switchover_worker_busy_seconds_total{worker=\"0\"}"] == "0")
        #expect(samples["switchover_build_info{version=\"\(Version.current)\"}"] == "1")
        #expect(samples["process_resident_memory_bytes"] == "12345678")
        #expect(samples["process_cpu_seconds_total"] == "1.25")
        #expect(samples["switchover_ready"] == "0")
        #expect(samples["switchover_migrations_without_switches"] == "2")
    }

    @Test func pinnedRecordsAppearByMigration() {
        let fixture = StatsFixture()
        let samples = Self.samples(PrometheusText.render(fixture.snapshot))
        #expect(samples["switchover_records_pinned{migration=\"orders\"}"] == "3")
        #expect(samples["switchover_records_pinned{migration=\"stock\"}"] == "0")
    }

    @Test func switchesAppearByMigration() {
        let fixture = StatsFixture()
        fixture.board.set(state: .serving)
        fixture.board.set(switches: [StatsFixture.summary(epoch: 12), StatsFixture.summary(epoch: 3)])
        let samples = Self.samples(PrometheusText.render(fixture.snapshot))
        #expect(samples["switchover_switches_epoch{migration=\"orders\"}"] == "12")
        #expect(samples["switchover_switches_epoch{migration=\"stock\"}"] == "3")
        #expect(samples["switchover_switches_phase{migration=\"orders\",phase=\"migrating\"}"] == "1")
        #expect(samples["switchover_switches_phase{migration=\"orders\",phase=\"idle\"}"] == "0")
        #expect(samples["switchover_ready"] == "1")
        let gray = "migration=\"orders\",set=\"gray\""
        #expect(samples["switchover_switches_keys{\(gray),list=\"allow\"}"] == "1")
        #expect(samples["switchover_switches_keys{\(gray),list=\"deny\"}"] == "0")
        #expect(samples["switchover_switches_share_ratio{\(gray)}"] == "0.025")
        #expect(samples["switchover_switches_share_ratio{migration=\"stock\",set=\"enrolled\"}"] == "1.0")
        #expect(samples["switchover_switches_last_change_timestamp_seconds{migration=\"stock\"}"] == "0.0")
    }

    @Test func labelsAreEscaped() {
        #expect(MetricsWriter.escaped("plain/Name") == "plain/Name")
        #expect(MetricsWriter.escaped("a\"b\\c\nd") == "a\\\"b\\\\c\\nd")
    }

    @Test(arguments: [
        (UInt64(0), "0"), (1, "0.000000001"), (50_000, "0.00005"), (1_000_000_000, "1"), (1_500_000_000, "1.5"),
        (.max, "18446744073.709551615"),
    ])
    func secondsAreExact(nanoseconds: UInt64, text: String) {
        #expect(MetricsWriter.seconds(nanoseconds) == text)
    }

    /// On the path, or where `Tests/run` puts it; nil when it is in neither place.
    private static let promtool: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let paths = (folders + [root.path + "/.build-venv/bin"]).map { "\($0)/promtool" }
        return paths.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Prometheus' own judge of names, units, types and format (Debian: package prometheus).
    @Test(.enabled(if: promtool != nil, "promtool is not installed"))
    func promtoolHasNothingToSay() throws {
        let fixture = StatsFixture()
        for use in [false, true] {
            if use { fixture.useEverything() }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
            process.arguments = ["check", "metrics"]
            let input = Pipe()
            let output = Pipe()
            process.standardInput = input
            process.standardOutput = output
            process.standardError = output
            try process.run()
            // Read beside the writing: either pipe may fill.
            let text = Data(PrometheusText.render(fixture.snapshot).utf8)
            let writing = Thread {
                try? input.fileHandleForWriting.write(contentsOf: text)
                try? input.fileHandleForWriting.close()
            }
            writing.start()
            let said = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(String(decoding: said, as: UTF8.self) == "")
            #expect(process.terminationStatus == 0)
        }
    }
}
