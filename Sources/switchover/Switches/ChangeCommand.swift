import ArgumentParser
import SwiftProtobuf
import SwitchoverProtocol

/// What the commands that change switches have in common.
protocol ChangeCommand: AsyncParsableCommand {
    var migration: String { get }
    var options: ChangeOptions { get }
    var control: ControlOptions { get }
}

extension ChangeCommand {
    /// Asks for the change, and says what it has done.
    func make(
        _ change: Switchover_V1_ChangeSwitchesRequest.OneOf_Change, isDryRun: Bool = false, ifEpoch: UInt64? = nil
    ) async throws -> Switchover_V1_ChangeSwitchesResponse {
        let request = Switchover_V1_ChangeSwitchesRequest.with {
            $0.migration = migration
            $0.change = change
            $0.dryRun = options.dryRun || isDryRun
            $0.reason = options.reason
            $0.ifEpoch = ifEpoch ?? options.ifEpoch ?? 0
            $0.force = options.force
            $0.acceptDirty = options.acceptDirty
            $0.newIsEmpty = options.newIsEmpty
        }
        let response = try await ControlClient(control).change(request)
        if control.json {
            print(try response.json())
        } else {
            for line in ChangeText(migration, response, isDryRun: request.dryRun).lines { print(line) }
        }
        if !response.obstacles.isEmpty { throw Exit.refused }
        return response
    }
}

/// A change of the switches, for a person.
struct ChangeText {
    let lines: [String]

    init(_ migration: String, _ response: Switchover_V1_ChangeSwitchesResponse, isDryRun: Bool) {
        var lines: [String] = []
        let (before, after) = (response.before, response.after)
        if before.epoch == after.epoch {
            lines = ["\(migration) is in this state already (epoch \(after.epoch)): \(SwitchesText.short(after))"]
        } else {
            lines.append("\(migration): \(SwitchesText.short(before))")
            lines.append("\(isDryRun ? "would be" : "now"): \(SwitchesText.short(after))")
            lines.append("moves: \(Self.moves(response.delta))")
        }
        if response.changed {
            lines.append(
                "epoch \(after.epoch) is in force; writes of the keys that moved waited at most "
                    + SwitchesText.milliseconds(response.heldMicroseconds))
        }
        if isDryRun, before.epoch != after.epoch {
            let isLetThrough = response.notes.contains { $0.hasPrefix("Let through") }
            let verdict = isLetThrough ? "with these options the change would be made" : "nothing stands in its way"
            lines += response.obstacles.isEmpty ? ["\(verdict); nothing has been changed"] : ["refused:"]
            lines += response.obstacles.map { "  \($0.sentence)" }
        }
        lines += response.notes.map { "note: \($0)" }
        self.lines = lines
    }

    private static func moves(_ delta: Switchover_V1_KeyDelta) -> String {
        var parts: [String] = []
        if delta.listedKeys > 0 {
            let shown = delta.examples.prefix(5).map { $0.components.joined(separator: ",") }.joined(separator: " ")
            let more = delta.listedKeys > 5 ? " ..." : ""
            parts.append("\(delta.listedKeys) listed \(delta.listedKeys == 1 ? "key" : "keys") (\(shown)\(more))")
        }
        if delta.shareTimes100 > 0 {
            parts.append(
                "\(SwitchesText.percent(delta.shareTimes100)) of \(delta.listedKeys > 0 ? "all other" : "the") keys")
        }
        if parts.isEmpty { return "no key" }
        return parts.joined(separator: " and ") + "; " + calls(delta)
    }

    /// Of the last minute's calls those that the change would have moved, not all traffic.
    private static func calls(_ delta: Switchover_V1_KeyDelta) -> String {
        let others =
            delta.callsElsewhere > 0
            ? "; \(delta.callsElsewhere) further calls follow the total switch and are not moved" : ""
        guard delta.callsLastMinute > 0 else { return "no call of the last minute could be moved" + others }
        if delta.callsUnknown {
            return "how many of \(delta.callsLastMinute) calls of the last minute is not known, since their gray keys "
                + "were not read" + others
        }
        return "about \(delta.callsMoved) of \(delta.callsLastMinute) calls of the last minute" + others
    }
}

/// The switches of a migration, for a person.
enum SwitchesText {
    static func short(_ switches: Switchover_V1_Switches) -> String {
        let sets = "enrolled \(short(switches.enrolled)), gray \(short(switches.gray))"
        switch switches.phase {
        case "migrating": return "migrating, \(sets)"
        // They count from the next phase on.
        case "idle" where sets != "enrolled none, gray none": return "idle; once migrating: \(sets)"
        default: return switches.phase
        }
    }

    static func short(_ set: Switchover_V1_GrayKeySet) -> String {
        if set.everything { return "all" }
        var parts: [String] = []
        if !set.allow.isEmpty { parts.append(listed(set.allow, set.allowLeftOut)) }
        if !set.allowFile.isEmpty { parts.append("the keys in \(set.allowFile)") }
        if set.percentTimes100 > 0 { parts.append(percent(set.percentTimes100)) }
        var text = parts.isEmpty ? "none" : parts.joined(separator: " + ")
        if !set.deny.isEmpty { text += " without \(listed(set.deny, set.denyLeftOut))" }
        if !set.denyFile.isEmpty { text += " without the keys in \(set.denyFile)" }
        return text
    }

    /// Of a list.
    static let keysShown = 8

    private static func listed(_ keys: [Switchover_V1_GrayKey], _ leftOut: UInt64) -> String {
        let shown = keys.prefix(keysShown).map { $0.components.joined(separator: ",") }.joined(separator: " ")
        let count = UInt64(keys.count) + leftOut
        return count > keysShown ? "\(count) keys (\(shown) ...)" : shown
    }

    static func percent(_ times100: UInt32) -> String {
        let value = Double(times100) / 100
        return value == value.rounded() ? "\(times100 / 100) %" : "\(value) %"
    }

    static func milliseconds(_ microseconds: UInt64) -> String {
        microseconds < 10_000 ? "\(Double(microseconds / 10) / 100) ms" : "\(microseconds / 1000) ms"
    }
}
