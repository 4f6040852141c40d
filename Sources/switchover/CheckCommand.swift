import ArgumentParser
import Foundation
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
        if !json { printMarks() }
        print(json ? summary.json : summary.text)
        if let problem = switches.problem {
            StandardError.write(problem)
            throw ExitCode.failure
        }
    }

    /// Lines that `init` has marked and nobody has looked at yet: their values are right in form, whatever they mean.
    /// A line that is nothing but a remark explains the marks.
    private func printMarks() {
        let text = (try? String(contentsOfFile: options.config, encoding: .utf8)) ?? ""
        let marks = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
            index, line -> String? in
            guard let comment = line.split(separator: "#", maxSplits: 1).dropFirst().last,
                comment.contains("decide") || comment.contains("guess")
            else { return nil }
            return "  \(options.config):\(index + 1): \(line.trimmingCharacters(in: .whitespaces))"
        }
        guard !marks.isEmpty else { return }
        print("marked by init: right in form, but only you know the meaning; look at each and take the mark away:")
        for mark in marks { print(mark) }
        print("")
    }
}
