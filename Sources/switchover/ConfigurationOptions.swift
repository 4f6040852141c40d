import ArgumentParser
import Sidecar

/// `--config` and the options that override the file, the same for every command that reads it.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"),
        completion: Completions.configurations)
    var config = "switchover.yaml"

    @Option(
        help: ArgumentHelp("Data port: host:port, [v6]:port or unix:/path (file: listen).", valueName: "address"))
    var listen: String?

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("An upstream's address; may be given several times.", valueName: "name=address"))
    var upstream: [String] = []

    @Option(help: ArgumentHelp("Stats port, or off (file: stats).", valueName: "address"))
    var stats: String?

    @Option(help: ArgumentHelp("Path of the control socket (file: control).", valueName: "path"))
    var control: String?

    @Option(help: ArgumentHelp("Event loops that serve calls (file: workers).", valueName: "count"))
    var workers: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical (file: log.level).", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("text or json (file: log.format).", valueName: "format"))
    var logFormat: String?

    @Flag(help: "Allow listening where other machines can reach it (file: allow_remote).")
    var allowRemote = false

    func load() throws -> Configuration { try Self.load(config, overrides) }

    /// The checked configuration. What is wrong goes to standard error, and the command ends with status 1.
    static func load(
        _ file: String, _ overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws -> Configuration {
        do {
            return try Configuration.load(file, overrides: overrides)
        } catch {
            throw Problem.report(error.description, code: Problem.invalidConfiguration, exit: .failure)
        }
    }

    private var overrides: ConfigurationOverrides {
        var overrides = ConfigurationOverrides()
        overrides.listen = listen
        overrides.upstreams = upstream
        overrides.stats = stats
        overrides.control = control
        overrides.workers = workers
        overrides.logLevel = logLevel
        overrides.logFormat = logFormat
        overrides.allowRemote = allowRemote
        return overrides
    }
}
