import ArgumentParser
import Foundation
import Sidecar

/// `switchover check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads the configuration and the switch file, and says what they mean.",
        discussion: """
            Nothing is started and no service is asked. Databases are looked into: tables, rights, foreign keys, \
            and some thousand rows of each side are read through the mapping, for a few seconds at most. Every error \
            is named with its file, its line and what to write, all in one run. A switch file that is not there yet \
            is no error: init-switches creates it.

            With --descriptor the services are compared with their .proto files: every service, method and field path \
            must be there, with the type that is written. Make the file with:
              protoc --include_imports --descriptor_set_out=shop.binpb shop.proto

            Exit status: 0 everything can be served, 1 something is wrong.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "A file that holds the services' FileDescriptorSet, which the configuration is compared with.",
            valueName: "file"), completion: .file())
    var descriptor: String?

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        for warning in configuration.warnings { StandardError.write("warning: \(warning)") }
        let switches = SwitchFileInspection(of: configuration)
        for warning in switches.warnings { StandardError.write("warning: \(warning)") }
        let databases = DatabaseInspection(of: configuration, switches)
        for warning in databases.warnings { StandardError.write("warning: \(warning)") }
        let problems = databases.problems + (try compareWithDescriptor(configuration))
        guard problems.isEmpty else {
            throw Problem.report(
                problems.map(\.description).joined(separator: "\n"), code: Problem.invalidConfiguration, exit: .failure)
        }
        let summary = ConfigurationSummary(configuration, switches)
        if !json { printMarks() }
        if json, let problem = switches.problem {
            throw Problem.report(problem, code: Problem.invalidConfiguration, exit: .failure)
        }
        print(json ? summary.json : summary.text)
        if let problem = switches.problem {
            StandardError.write(problem)
            throw ExitCode.failure
        }
    }

    /// What is doubtful is printed at once.
    private func compareWithDescriptor(_ configuration: Configuration) throws -> [Diagnostic] {
        guard let descriptor else { return [] }
        guard let bytes = FileManager.default.contents(atPath: descriptor) else {
            throw Problem.report(
                "\(descriptor) cannot be read; make it with: protoc --include_imports "
                    + "--descriptor_set_out=\(descriptor) FILE.proto", code: Problem.invalidConfiguration,
                exit: .failure)
        }
        do {
            let inspection = try DescriptorInspection(of: configuration, descriptor: Array(bytes), source: descriptor)
            for warning in inspection.warnings { StandardError.write("warning: \(warning)") }
            return inspection.problems
        } catch {
            throw Problem.report("\(error)", code: Problem.invalidConfiguration, exit: .failure)
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
        print(
            "marked by init: the form is right, but only you know the meaning. Look at each line, then remove the mark:"
        )
        for mark in marks { print(mark) }
        print("")
    }
}
