import ArgumentParser
import SwiftProtobuf
import SwitchoverProtocol

/// `switchover rollback`
struct RollbackCommand: ChangeCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Undoes the last change that went towards new.",
        discussion: """
            switchover rollback orders              the last forward change of phase, enrolled or gray
            switchover rollback orders --to 12      every forward change after epoch 12, a step at a time

            Repeated, it waits for the rollback that was made and undoes nothing more: --to goes further. What went \
            back already, by a command or a rollback, is left as it is; nothing goes forward. A step back \
            from gray loses nothing: each record is where it was written, and read from there. A step out of enrolled \
            would hide what was inserted into new meanwhile: it is refused, and says how many records those are and \
            which, where that can be counted. \(Exit.discussion)
            """)

    @Argument(help: "The migration's name.", completion: Completions.migrations)
    var migration: String

    @Option(help: ArgumentHelp("Undo everything after this epoch (history shows them).", valueName: "epoch"))
    var to: UInt64?

    @OptionGroup var options: ChangeOptions
    @OptionGroup var control: ControlOptions

    func validate() throws {
        guard to != 0 else {
            throw ValidationError("--to: the first epoch is 1; --to 1 undoes every forward change that is on record")
        }
    }

    func run() async throws {
        let rollback = Switchover_V1_Rollback.with { $0.toEpoch = to ?? 0 }
        var last = try await make(.rollback(rollback))
        guard to != nil, !options.dryRun else { return }
        while last.changed, let next = try await undoOneMore(rollback, after: last) { last = next }
    }

    /// Nil when there is nothing left to undo. Who says which epoch the switches must be at means that nobody else
    /// changes them between the steps either.
    private func undoOneMore(
        _ rollback: Switchover_V1_Rollback, after last: Switchover_V1_ChangeSwitchesResponse
    ) async throws -> Switchover_V1_ChangeSwitchesResponse? {
        let request = Switchover_V1_ChangeSwitchesRequest.with {
            $0.migration = migration
            $0.rollback = rollback
            $0.dryRun = true
        }
        let client = try ControlClient(control)
        let next: Switchover_V1_ChangeSwitchesResponse? = try await client.find("ChangeSwitches", request)
        guard next != nil else { return nil }
        return try await make(.rollback(rollback), ifEpoch: options.ifEpoch.map { _ in last.after.epoch })
    }
}
