import ArgumentParser
import SwiftProtobuf
import SwitchoverProtocol

/// `switchover history`
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Lists the changes of the switches: when, by whom, from what to what.",
        discussion: "Newest first, from the audit file beside the switch file. \(Exit.discussion)")

    @Argument(help: "A migration's name; all of them without one.", completion: Completions.migrations)
    var migration: String?

    @Option(help: ArgumentHelp("How many, at most 1000.", valueName: "count"))
    var limit: UInt32 = 20

    @OptionGroup var control: ControlOptions

    func run() async throws {
        let request = Switchover_V1_ListChangesRequest.with {
            $0.migration = migration ?? ""
            $0.limit = limit
            if !control.json { $0.keysAtMost = UInt32(SwitchesText.keysShown) }
        }
        let response: Switchover_V1_ListChangesResponse = try await ControlClient(control).call("ListChanges", request)
        if control.json { return print(try response.json()) }
        for change in response.changes {
            let reason = change.reason.isEmpty ? "" : "  \"\(change.reason)\""
            print(
                "\(change.time)  epoch \(change.after.epoch)  \(change.migration)  \(change.origin) by "
                    + "\(change.by)\(reason)")
            if change.hasBefore { print("    from \(SwitchesText.short(change.before))") }
            print("    to   \(SwitchesText.short(change.after))")
        }
        if response.leftOut > 0 {
            print("\(response.leftOut) older changes are left out: all of them are more than one answer has")
        }
    }
}
