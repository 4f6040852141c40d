import SwitchoverProtocol

/// What went through between two looks at a migration.
struct Traffic {
    struct Rate {
        let name: String
        let perSecond: UInt64
        let failed: UInt64
    }

    static let stageNames = ["old", "dualOld", "dualNew", "newMirrored", "new", "undecided"]

    let status: Switchover_V1_MigrationStatus
    /// In the order of `stageNames`.
    let stages: [Rate]
    /// Old, then new.
    let sides: [Rate]

    init(from last: Switchover_V1_MigrationStatus, to status: Switchover_V1_MigrationStatus, seconds: Double) {
        self.status = status
        stages = Self.stageNames.map { name in
            let (before, now) = (last.stages.first { $0.stage == name }, status.stages.first { $0.stage == name })
            return Self.rate(
                name, Self.growth(before?.calls ?? 0, now?.calls ?? 0),
                Self.growth(before?.failed ?? 0, now?.failed ?? 0), seconds)
        }
        sides = zip(last.sides, status.sides).map {
            Self.rate($1.side, Self.growth($0.asked, $1.asked), Self.growth($0.failed, $1.failed), seconds)
        }
    }

    /// A sidecar that was started again meanwhile counts from 0.
    private static func growth(_ before: UInt64, _ now: UInt64) -> UInt64 { now >= before ? now - before : now }

    private static func rate(_ name: String, _ count: UInt64, _ failed: UInt64, _ seconds: Double) -> Rate {
        Rate(name: name, perSecond: UInt64(exactly: (Double(count) / seconds).rounded(.down)) ?? .max, failed: failed)
    }
}

/// A line of a table that grows downwards.
enum TrafficLine {
    static var heading: String {
        row(["epoch", "phase"] + Traffic.stageNames + ["failed", "->old", "->new"])
    }

    static func text(_ traffic: Traffic) -> String {
        let switches = traffic.status.inForce
        let failed = traffic.stages.reduce(0) { $0 + $1.failed }
        return row(
            ["\(switches.epoch)", switches.phase] + traffic.stages.map { "\($0.perSecond)/s" } + ["\(failed)"]
                + traffic.sides.map { "\($0.perSecond)/s" })
    }

    private static func row(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(11 - $0.count, 0)) + $0 }.joined(separator: " ")
    }
}

/// A table that stays in its place on a terminal.
enum TrafficTable {
    /// Every table has as many lines, so that the next one covers it.
    private static let lines = 3 + Traffic.stageNames.count + 4

    /// - Parameter redraws: stands where the last one stood.
    static func text(_ traffic: Traffic, redraws: Bool) -> String {
        let status = traffic.status
        var lines = ["\(status.migration): \(SwitchesText.short(status.inForce)) (epoch \(status.inForce.epoch))", ""]
        lines.append(row("stage", "calls", "failed", ""))
        lines += traffic.stages.map { row($0.name, "\($0.perSecond)/s", "\($0.failed)", bar($0, traffic.stages)) }
        lines += ["", row("side", "asked", "failed", "")]
        lines += zip(traffic.sides, status.sides).map { rate, side in
            row(rate.name, "\(rate.perSecond)/s", "\(rate.failed)", bar(rate, traffic.sides))
        }
        let text = lines.map { "\u{1B}[2K\($0.prefix(100))\n" }.joined()
        return (redraws ? "\u{1B}[\(Self.lines)A" : "") + text
    }

    private static func row(_ name: String, _ rate: String, _ failed: String, _ bar: String) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(width - text.count, 0)) + text
        }
        let padded = "  \(name)" + String(repeating: " ", count: max(12 - name.count, 0))
        return padded + right(rate, 10) + right(failed, 9) + "  " + bar
    }

    /// Its share of all, forty characters wide.
    private static func bar(_ rate: Traffic.Rate, _ all: [Traffic.Rate]) -> String {
        let total = all.reduce(0) { $0 + $1.perSecond }
        guard total > 0 else { return "" }
        return String(repeating: "#", count: Int((rate.perSecond * 40 + total / 2) / total))
    }
}
