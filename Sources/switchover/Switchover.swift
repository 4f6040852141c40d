import ArgumentParser

/// The command line.
struct Switchover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "switchover",
        abstract: "Moves a live service or table from old to new, key by key, without its clients noticing.",
        discussion: """
            A first run, between two gRPC services or two tables:
              switchover init --descriptor shop.binpb       writes switchover.yaml
              switchover init --sqlite-old old.db --table t_order --sqlite-new new.db --new-table orders
              switchover check                              what is wrong, what to decide
              switchover init-switches                      everything on old
              switchover serve

            Then, from another shell in the same folder, a store and back:
              switchover total orders migrating     the gray switch decides by store
              switchover enrol orders add 406       both sides take part in its writes
              switchover gray orders add 406        its reads go to new first
              switchover status orders              who answers, and may I go on?
              switchover rollback orders            undoes the last step (gray)

            Each record stays where it is: nothing is copied from old to new yet. Until a record is on both sides its \
            writes go to the side that has it, and what one side lacks is read from the other; an explain shows it.

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
