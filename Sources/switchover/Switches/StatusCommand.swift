import ArgumentParser
import SwiftProtobuf
import SwitchoverProtocol

/// `switchover status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says where the migrations stand, who answers calls, and whether they may advance.",
        discussion: "\(Words.discussion) \(Exit.discussion)")

    @Argument(help: "A migration's name; all of them without one.", completion: Completions.migrations)
    var migration: String?

    @OptionGroup var control: ControlOptions

    func run() async throws {
        let request = Switchover_V1_GetStatusRequest.with { $0.migration = migration ?? "" }
        let response: Switchover_V1_GetStatusResponse = try await ControlClient(control).call("GetStatus", request)
        if control.json { return print(try response.json()) }
        print("switchover \(response.version), \(response.readiness), running since \(response.started)")
        if !response.unnamedServices.isEmpty {
            print("called, and named by no migration: \(response.unnamedServices.joined(separator: ", "))")
        }
        for status in response.migrations { for line in StatusText(status).lines { print(line) } }
    }
}

/// Where one migration stands, for a person.
struct StatusText {
    let lines: [String]

    init(_ status: Switchover_V1_MigrationStatus) {
        var lines = ["", status.migration]
        if status.hasInForce {
            let switches = status.inForce
            lines.append("  phase      \(switches.phase), epoch \(switches.epoch)")
            if switches.phase == "idle" || switches.phase == "migrating" {
                lines.append("  enrolled   \(SwitchesText.short(switches.enrolled))")
                lines.append("  gray       \(SwitchesText.short(switches.gray))")
            }
        } else {
            lines.append("  no switches: every call is refused (no-switches)")
        }
        if status.hasInFile, status.inFile != status.inForce {
            let isRefused = !status.problem.isEmpty && status.inFile != status.lastInFile
            let standing = isRefused ? "not taken " : "under way "
            lines.append(
                "  \(standing) epoch \(status.inFile.epoch) is in the file and not in force: "
                    + SwitchesText.short(status.inFile))
        }
        if status.hasPending {
            let seconds = (status.pending.atMostMilliseconds + 999) / 1000
            let end = seconds > 0 ? ", for \(seconds) s at most" : ""
            lines.append("  waits      epoch \(status.pending.epoch) waits\(end): \(status.pending.waitsFor)")
        }
        // The file may have gone back since.
        if status.hasLastInFile, status.lastInFile != status.inForce, status.lastInFile != status.inFile {
            lines.append(
                "  under way  epoch \(status.lastInFile.epoch) was taken from the file before and is not in force: "
                    + SwitchesText.short(status.lastInFile))
        }
        if !status.problem.isEmpty { lines.append("  problem    \(status.problem)") }
        lines += status.tableChanges.map { "  changed    \($0)" }
        if !status.servicesNeverCalled.isEmpty {
            lines.append("  no call    \(status.servicesNeverCalled.joined(separator: ", ")) since the start")
        }
        if !status.unlistedMethods.isEmpty {
            lines.append("  not listed \(status.unlistedMethods.joined(separator: ", ")) (called)")
        }
        lines += status.sides.map(Self.side)
        lines += status.stages.map { stage in
            "  stage \(Self.pad(stage.stage, 11)) \(Self.pad("\(stage.callsLastMinute)", 9)) calls in the last minute"
                + Self.failed(stage.failedLastMinute)
        }
        if status.dirtyWrites > 0 {
            lines.append("  dirty      \(status.dirtyWrites) writes may have reached one side only since the start")
        }
        if status.pinnedRecords > 0 {
            let keep = status.pinnedRecords == 1 ? "record keeps" : "records keep"
            lines.append("  pinned     \(status.pinnedRecords) \(keep) the stage of before a change until at rest")
        }
        self.lines = lines + Self.advance(status)
    }

    private static func side(_ side: Switchover_V1_SideStatus) -> String {
        let mean = side.askedLastMinute > 0 ? ", \(SwitchesText.milliseconds(side.meanMicroseconds)) on average" : ""
        let cancelled = side.cancelledLastMinute > 0 ? ", \(side.cancelledLastMinute) cancelled by the sidecar" : ""
        return "  side  \(pad(side.side, 11)) \(pad("\(side.askedLastMinute)", 9)) asked in the last minute"
            + "\(failed(side.failedLastMinute))\(cancelled)\(mean)  \(reachable(side))  "
            + "\(side.upstream) at \(side.address)"
    }

    private static func reachable(_ side: Switchover_V1_SideStatus) -> String {
        switch side.reachable {
        case "yes": "reachable"
        case "no": "NOT REACHABLE (\(side.reachableProblem))"
        default: "reachable: unknown (\(side.reachableProblem))"
        }
    }

    private static func failed(_ count: UInt64) -> String { count > 0 ? ", \(count) failed" : "" }

    private static func advance(_ status: Switchover_V1_MigrationStatus) -> [String] {
        guard !status.nextPhase.isEmpty else { return [] }
        if !status.advanceUnknown.isEmpty {
            return ["  may I go on to \(status.nextPhase)? not known: \(status.advanceUnknown)"]
        }
        let may = status.obstacles.isEmpty ? "yes" : "not yet"
        return ["  may I go on to \(status.nextPhase)? \(may)"] + status.met.map { "    [x] \($0)" }
            + status.unknown.map { "    [?] \($0)" } + status.obstacles.map { "    [ ] \($0.sentence)" }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}
