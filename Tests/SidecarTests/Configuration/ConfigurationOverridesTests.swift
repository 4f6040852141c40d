import EventLoop
import Testing

@testable import Sidecar

@Suite struct ConfigurationOverridesTests {
    @Test func optionsStandAboveTheFile() throws {
        var overrides = ConfigurationOverrides()
        overrides.listen = "unix:data.sock"
        overrides.upstreams = ["a=127.0.0.1:11", "b=unix:/run/b.sock"]
        overrides.stats = "off"
        overrides.control = "control.sock"
        overrides.workers = "4"
        overrides.logLevel = "error"
        overrides.logFormat = "json"
        let configuration = try ConfigurationTests.parse(ConfigurationTests.small, overrides)
        // Paths of the command line count from the current folder, not from the file's.
        #expect(configuration.listen == .unix(path: "data.sock"))
        #expect(configuration.control == "control.sock")
        #expect(
            configuration.upstreams.map(\.address) == [.tcp(host: "127.0.0.1", port: 11), .unix(path: "/run/b.sock")])
        #expect(configuration.stats == nil)
        #expect(configuration.workers == 4)
        #expect("\(configuration.log.level)" == "error")
        #expect(configuration.log.format == .json)
    }

    @Test func optionsMayTurnOnWhatTheFileDoesNot() throws {
        var overrides = ConfigurationOverrides()
        overrides.listen = "0.0.0.0:0"
        overrides.stats = "127.0.0.1:0"
        overrides.allowRemote = true
        let configuration = try ConfigurationTests.parse("stats: off\n" + ConfigurationTests.small, overrides)
        #expect(configuration.listen == .tcp(host: "0.0.0.0", port: 0))
        #expect(configuration.stats == .tcp(host: "127.0.0.1", port: 0))
        #expect(configuration.allowRemote)
    }

    @Test func wrongOptionsAreNamedAsTheCommandLineHasThem() {
        var overrides = ConfigurationOverrides()
        overrides.listen = "7400"
        overrides.upstreams = ["a", "c=127.0.0.1:1", "b=nowhere"]
        overrides.stats = "[::]:1"
        overrides.control = ""
        overrides.workers = "-1"
        overrides.logLevel = "loud"
        overrides.logFormat = "txt"
        #expect(
            ConfigurationCheckTests.errors(ConfigurationTests.small, overrides) == [
                "--listen: \"7400\" has no port; write host:port, [v6]:port or unix:/path",
                "--control: \"unix:\" needs a path; write unix:/run/switchover/name.sock",
                "--workers: expected a whole number, found \"-1\"",
                "--log-level: unknown log level \"loud\"; "
                    + "write one of trace, debug, info, notice, warning, error, critical",
                "--log-format: unknown log format \"txt\"; write one of text, json (did you mean text?)",
                "--upstream: expected NAME=ADDR like orders-old=127.0.0.1:50051, found \"a\"",
                "--upstream: unknown upstream \"c\"; write one of a, b",
                "--upstream: \"nowhere\" has no port; write host:port, [v6]:port or unix:/path",
                "--stats: [::]:1 can be reached from other machines; write 127.0.0.1:7401, "
                    + "or allow it: allow_remote: true (--allow-remote)",
            ])
    }

    @Test func anOptionsAddressIsCheckedAgainstTheRestAsTheFilesIs() {
        var overrides = ConfigurationOverrides()
        overrides.upstreams = ["b=127.0.0.1:1"]
        #expect(
            ConfigurationCheckTests.errors(ConfigurationTests.small, overrides) == [
                "s.yaml:7: migrations.orders.new: old (a) and new (b) have the same address, 127.0.0.1:1; change one"
            ])
    }
}
