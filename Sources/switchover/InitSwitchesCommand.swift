import ArgumentParser
import Sidecar

/// `switchover init-switches`
struct InitSwitchesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init-switches",
        abstract: "Creates the first switch file: every migration at phase idle, nobody enrolled.",
        discussion: """
            A sidecar without a switch file refuses every call rather than guess, so this is said once, on purpose. \
            The file's place is the configuration's `switches`; a file that is there already is never touched.

            Exit status: 0 created, 1 the configuration is wrong or the file cannot be created.
            """)

    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "switchover.yaml"

    func run() throws {
        let configuration = try ConfigurationOptions.load(config)
        let names = configuration.migrations.map(\.name)
        let epochs: [UInt64]
        do {
            epochs = try SwitchFileWriter.createInitial(configuration.switches, migrations: names)
        } catch {
            let advice = error.isExisting ? "; remove it first if every migration shall start again at idle" : ""
            StandardError.write("\(error)\(advice)")
            throw ExitCode.failure
        }
        let entries = zip(names, epochs).map { "\($0) at phase idle, epoch \($1)" }
        print("created \(configuration.switches): \(entries.joined(separator: ", "))")
    }
}
