import ArgumentParser
import Sidecar

/// `switchover check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads the configuration and the switch file, and says what they mean.",
        discussion: """
            Nothing is started and no service is asked; databases are looked into. Every error is named with its \
            file, its line and what to write, all in one run. A switch file that is not there yet is no error: \
            init-switches creates it.

            Exit status: 0 everything can be served, 1 something is wrong.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        for warning in configuration.warnings { StandardError.write("warning: \(warning)") }
        let switches = SwitchFileInspection(of: configuration)
        for warning in switches.warnings { StandardError.write("warning: \(warning)") }
        let problems = DatabaseInspection.problems(of: configuration)
        for problem in problems { StandardError.write(problem.description) }
        guard problems.isEmpty else { throw ExitCode.failure }
        let summary = ConfigurationSummary(configuration, switches)
        print(json ? summary.json : summary.text)
        if let problem = switches.problem {
            StandardError.write(problem)
            throw ExitCode.failure
        }
    }
}
