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
            A line for each interval; on a terminal the table stays in its place. \(Exit.discussion)
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
        let request = Switchover_V1_GetStatusRequest.with { $0.migration = migration }
        var last: Switchover_V1_MigrationStatus?
        var looks = 0
        while count == 0 || looks <= count {
            let response: Switchover_V1_GetStatusResponse = try await client.call("GetStatus", request)
            guard let status = response.migrations.first else { return }
            if let last {
                print(TrafficText.line(from: last, to: status, seconds: interval))
            } else {
                print(TrafficText.heading)
            }
            fflush(nil)
            last = status
            looks += 1
            if count > 0, looks > count { return }
            try await Task.sleep(for: .seconds(interval))
        }
    }
}

/// Traffic between two looks, a line of a table.
enum TrafficText {
    private static let stages = ["old", "dualOld", "dualNew", "newMirrored", "new", "none"]

    static var heading: String {
        row(["epoch", "phase"] + stages.map { $0 == "none" ? "refused" : $0 } + ["failed", "->old", "->new"])
    }

    static func line(
        from last: Switchover_V1_MigrationStatus, to status: Switchover_V1_MigrationStatus, seconds: Double
    ) -> String {
        func rate(_ count: UInt64) -> String { "\(UInt64(Double(count) / seconds))/s" }
        let calls = stages.map { name in
            func calls(_ status: Switchover_V1_MigrationStatus) -> UInt64 {
                status.stages.first { $0.stage == name }?.calls ?? 0
            }
            return rate(calls(status) &- calls(last))
        }
        func failed(_ status: Switchover_V1_MigrationStatus) -> UInt64 { status.stages.reduce(0) { $0 + $1.failed } }
        let sides = zip(last.sides, status.sides).map { rate($1.asked &- $0.asked) }
        return row(
            ["\(status.inForce.epoch)", status.inForce.phase] + calls + ["\(failed(status) &- failed(last))"] + sides)
    }

    private static func row(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(11 - $0.count, 0)) + $0 }.joined(separator: " ")
    }
}
