import ArgumentParser
import Sidecar
import SwitchoverClient
import SwitchoverProtocol

/// `switchover init-switches`
struct InitSwitchesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init-switches",
        abstract: "Creates the switch file: the first one, or one that was lost.",
        discussion: """
            A sidecar without a switch file refuses every call rather than guess, so this is said once, on purpose. \
            A migration that never had switches is at phase idle, and no key is enrolled. One that had gets back what \
            the running sidecar says that the file had last. If no sidecar answers, it gets the newest change of the \
            audit file beside the switch file; a change is put on record there before it is made, so if that change \
            failed, say so with --not-made. The file's place is the configuration's `switches`; a file that is there \
            already is never touched.

            Exit status: 0 created, 1 the configuration is wrong or the file cannot be created.
            """)

    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "switchover.yaml"

    @Option(
        help: ArgumentHelp(
            "The newest change on record of this migration was not made: write what it came from.",
            valueName: "migration"))
    var notMade: [String] = []

    func run() async throws {
        let configuration = try ConfigurationOptions.load(config)
        let switches: InitialSwitches
        do {
            switches = try InitialSwitches(
                path: configuration.switches, migrations: configuration.migrations.map(\.name),
                running: try await Self.running(configuration), notMade: notMade)
            try SwitchFileWriter.create(configuration.switches, switches)
        } catch let failure as FileFailure {
            let advice =
                failure.isExisting
                ? "; it is never replaced: change the switches with switchover total, enrol, gray or rollback" : ""
            StandardError.write("\(failure)\(advice)")
            throw ExitCode.failure
        } catch {
            StandardError.write("\(error)")
            throw ExitCode.failure
        }
        print("created \(configuration.switches): \(switches.sentences.joined(separator: "; "))")
        for doubt in switches.doubts { print(doubt) }
    }

    /// What a sidecar says that runs by this configuration; nothing where there is none. One that runs and does not
    /// answer may know better than the audit file.
    private static func running(_ configuration: Configuration) async throws -> [Switchover_V1_MigrationStatus] {
        let control = configuration.control
        var options = ClientOptions()
        options.connectTimeout = .zero
        options.timeout = .seconds(15)
        options.messageBytes = ControlClient.messageBytes
        let client = try SwitchoverClient("unix:\(control)", options: options)
        do throws(SwitchoverError) {
            let response: Switchover_V1_GetStatusResponse = try await client.call(
                "/switchover.v1.Control/GetStatus", Switchover_V1_GetStatusRequest())
            return response.migrations
        } catch {
            if error.isUnreachable {
                guard let owner = InitialSwitches.owner(ofSwitchFile: configuration.switches) else { return [] }
                throw NoAnswer(
                    description: """
                        \(owner) works with \(configuration.switches) and is not reached at \(control); it knows what \
                        is in force. Try again; or stop it first, then the audit file is gone by
                        """)
            }
            throw NoAnswer(description: "the sidecar at \(control) does not say what is in force: \(error.message)")
        }
    }

    private struct NoAnswer: Error, CustomStringConvertible {
        let description: String
    }
}
