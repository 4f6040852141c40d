import ArgumentParser
import Glibc
import SwiftProtobuf
import SwitchoverProtocol

/// `switchover watch`
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Shows live traffic per stage and side until it is stopped.",
        discussion: """
            On a terminal a table stays in its place; elsewhere there is a line for each interval. With --json each \
            look is a line of the shape that status --json has. \(Words.discussion) \(Exit.discussion)
            """)

    @Argument(help: "The migration's name.", completion: Completions.migrations)
    var migration: String

    @Option(help: ArgumentHelp("Seconds between two looks, 0.2 to 3600.", valueName: "seconds"))
    var interval = 1.0

    @Option(help: ArgumentHelp("Stop after so many looks; 0: never.", valueName: "count"))
    var count = 0

    @OptionGroup var control: ControlOptions

    func validate() throws {
        guard (0.2...3600).contains(interval) else { throw ValidationError("the interval is 0.2 to 3600 seconds") }
        guard count >= 0 else { throw ValidationError("the count is 0 or more") }
    }

    func run() async throws {
        let client = try ControlClient(control)
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var last = try Self.status(try await look(client))
        if !isTerminal, !control.json { print(TrafficLine.heading) }
        var shown = 0
        while count == 0 || shown < count {
            try await Task.sleep(for: .seconds(interval))
            let response = try await look(client)
            let status = try Self.status(response)
            let traffic = Traffic(from: last, to: status, seconds: interval)
            if control.json {
                print(try response.json())
            } else if isTerminal {
                print(TrafficTable.text(traffic, redraws: shown > 0), terminator: "")
            } else {
                print(TrafficLine.text(traffic))
            }
            try StandardOutput.flush()
            last = status
            shown += 1
        }
    }

    private func look(_ client: ControlClient) async throws -> Switchover_V1_GetStatusResponse {
        try await client.call("GetStatus", Switchover_V1_GetStatusRequest.with { $0.migration = migration })
    }

    private static func status(
        _ response: Switchover_V1_GetStatusResponse
    ) throws -> Switchover_V1_MigrationStatus {
        guard let status = response.migrations.first else { throw Exit.unavailable }
        return status
    }
}
