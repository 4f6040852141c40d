import Stores
import SwitchoverClient
import SwitchoverProtocol

/// Where one record stands, for a person.
struct RecordExplanation {
    private let key: String
    private let answer: Switchover_V1_ExplainRecordResponse
    private let entity: RecordEntity

    init(_ key: String, _ answer: Switchover_V1_ExplainRecordResponse, _ entity: RecordEntity) {
        self.key = key
        self.answer = answer
        self.entity = entity
    }

    var lines: [String] { [heading] + table + [lane] + writes }

    private var heading: String {
        let found = answer.sides.filter(\.hasRecord).map(\.side)
        let problems = answer.sides.filter { !$0.problem.isEmpty }
        guard !found.isEmpty || !problems.isEmpty else { return absence }
        let stage = answer.stage.isEmpty ? "at an unknown stage" : "at stage \(answer.stage)"
        let place =
            switch found.count {
            case 0: "not found"
            case 1: "on \(found[0]) only"
            default: answer.differing.isEmpty ? "on both sides, equal" : "on both sides, which differ"
            }
        return "\(key) is \(stage) (epoch \(answer.epoch)), \(place)"
    }

    private var absence: String {
        "\(key) is on neither side (epoch \(answer.epoch)); of a gray key ask with --gray-key \(key)"
    }

    // MARK: - Both states

    private var table: [String] {
        var rows = [["", "old", "new"]]
        let problems = answer.sides.map { side in
            side.problem.isEmpty ? (side.hasRecord ? nil : "none") : side.problem
        }
        if problems.contains(where: { $0 != nil }) { rows.append(["record"] + problems.map { $0 ?? "there" }) }
        if answer.sides.contains(where: \.hasRecord) {
            rows += entity.fields.indices.map { field in
                [entity.fields[field].name] + answer.sides.map { $0.hasRecord ? value(of: field, in: $0.record) : "" }
            }
        }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let differs = answer.sides.allSatisfy(\.hasRecord) && row[0] != "" && row[1] != row[2]
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return (differs ? "* " : "  ") + cells.joined(separator: "  ")
        }
    }

    private func value(of position: Int, in record: Switchover_V1_Record) -> String {
        if let part = entity.key.firstIndex(of: position) { return Self.text(record.key.parts[part]) }
        if position == entity.grayKey { return Self.text(record.grayKey) }
        if position == entity.version { return record.hasVersion ? "\(record.version)" : "null" }
        let name = entity.fields[position].name
        return record.fields.first { $0.name == name }.map { Self.text($0.value) } ?? ""
    }

    private static func text(_ value: Switchover_V1_Value) -> String { RecordValue(value)?.description ?? "?" }

    // MARK: - What is and was written

    private var lane: String {
        if answer.closedMilliseconds > 0 {
            return "lane: closed for \(answer.closedMilliseconds / 1000 + 1) s, the outcome of a write is unknown"
        }
        guard answer.beingWritten else { return "lane: free" }
        return "lane: a write runs, \(answer.waiting) wait"
    }

    private var writes: [String] {
        guard !answer.writes.isEmpty else { return ["no write at a stage of both sides is remembered"] }
        return ["last writes at a stage of both sides, with what the client was told:"]
            + answer.writes.prefix(10).map { write in
                "  \(write.time)  \(write.kind) at \(write.stage) (epoch \(write.epoch)): \(write.outcome)"
                    + (write.dirty ? ", DIRTY" : "")
            }
    }
}
