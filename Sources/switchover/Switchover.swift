import ArgumentParser

/// The command line.
@main
struct Switchover: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchover",
        abstract: "Moves gRPC services from old to new, call by call, without their clients noticing.",
        discussion: """
            A first run: write switchover.yaml, then
              switchover check --config switchover.yaml
              switchover init-switches --config switchover.yaml
              switchover serve --config switchover.yaml

            Exit status: 0 done; 1 the configuration or a file is wrong, standard error says what; 64 the command line \
            is wrong.
            """,
        version: VersionCommand.line,
        subcommands: [
            ServeCommand.self, CheckCommand.self, PlanCommand.self, InitSwitchesCommand.self, VersionCommand.self,
        ]
    )
}
