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
            the running sidecar has in force, or else what the audit file beside the switch file says last. The \
            file's place is the configuration's `switches`; a file that is there already is never touched.

            Exit status: 0 created, 1 the configuration is wrong or the file cannot be created.
            """)

    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "switchover.yaml"

    func run() async throws {
        let configuration = try ConfigurationOptions.load(config)
        let switches: InitialSwitches
        do {
            switches = try InitialSwitches(
                path: configuration.switches, migrations: configuration.migrations.map(\.name),
                running: await Self.running(configuration.control))
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
    }

    /// What a sidecar has in force that runs by this configuration; nothing where none answers.
    private static func running(_ control: String) async -> [Switchover_V1_MigrationStatus] {
        var options = ClientOptions()
        options.connectTimeout = .zero
        options.timeout = .seconds(5)
        guard let client = try? SwitchoverClient("unix:\(control)", options: options) else { return [] }
        let response: Switchover_V1_GetStatusResponse? =
            try? await client.call("/switchover.v1.Control/GetStatus", Switchover_V1_GetStatusRequest())
        return response?.migrations ?? []
    }
}
