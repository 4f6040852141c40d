import ArgumentParser
import SwitchoverProtocol

/// `switchover total`
struct TotalCommand: ChangeCommand {
    static let configuration = CommandConfiguration(
        commandName: "total",
        abstract: "Moves a migration's total switch one rung along the ladder.",
        discussion: """
            switchover total orders migrating

            idle        everything goes to old
            migrating   the gray switch decides key by key
            mirrored    new is the authority of all records, every write is also applied to old
            finished    new only
            retired     old is fenced; there is no way back

            The command returns when all workers use the new switches. \(Exit.discussion)
            """)

    @Argument(help: "The migration's name.", completion: Completions.migrations)
    var migration: String

    @Argument(
        help: "idle, migrating, mirrored, finished or retired.",
        completion: .list(["idle", "migrating", "mirrored", "finished", "retired"]))
    var phase: String

    @OptionGroup var options: ChangeOptions
    @OptionGroup var control: ControlOptions

    func run() async throws { _ = try await make(.phase(phase)) }
}
