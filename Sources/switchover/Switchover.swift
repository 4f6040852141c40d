import ArgumentParser

/// The command line.
struct Switchover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchover",
        abstract: "Moves a live service or table from old to new, key by key, without its clients noticing.",
        discussion: """
            A first run:
              switchover init                       writes switchover.yaml to start from
              switchover check
              switchover init-switches
              switchover serve

            Then, from another shell in the same folder, a migration of one store and back:
              switchover total orders migrating     new is now written and read where you say so
              switchover enrol orders add 406       store 406 is written on both sides
              switchover gray orders add 406        and read from new
              switchover status orders              who answers what, and may I go on?
              switchover rollback orders            undoes the last step

            Records of a migration that has records: in its configuration, through the sidecar:
              switchover get orders 31198570044
              switchover query orders --where status=open --order -created_at

            Completion, of migrations' names too: switchover --generate-completion-script bash (or zsh, fish) writes a \
            script for your shell.

            Exit status: 0 done; 1 the configuration or a file is wrong; 2 the sidecar refuses; 3 the sidecar does not \
            answer, or a change is not in force yet; 64 the command line is wrong. Standard error says what to do.
            """,
        version: VersionCommand.line,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "Running",
                subcommands: [
                    ServeCommand.self, CheckCommand.self, InitCommand.self, InitSwitchesCommand.self, PlanCommand.self,
                    VersionCommand.self,
                ]),
            CommandGroup(
                name: "Switches",
                subcommands: [
                    StatusCommand.self, TotalCommand.self, EnrolCommand.self, GrayCommand.self, RollbackCommand.self,
                    HistoryCommand.self, ExplainCommand.self, WatchCommand.self,
                ]),
            CommandGroup(
                name: "Records",
                subcommands: [
                    GetCommand.self, QueryCommand.self, InsertCommand.self, UpdateCommand.self, UpsertCommand.self,
                    DeleteCommand.self,
                ]),
        ]
    )
}
