import Foundation
import Stores
import SwitchoverClient

/// Records as the commands print them: for a person, or as JSON, one object a line. Pure.
struct RecordText {
    let entity: RecordEntity

    /// One record, a field a line.
    func lines(of record: AnyRecord) -> [String] {
        let width = entity.fields.map(\.name.count).max() ?? 0
        return entity.fields.map { field in
            "\(Self.pad(field.name, width))  \(Self.shown(record[field.name] ?? .null))"
        }
    }

    /// Records below each other, a field a column, numbers to the right.
    func table(of records: [AnyRecord]) -> [String] {
        let columns = entity.fields.map { field in
            [field.name] + records.map { Self.shown($0[field.name] ?? .null) }
        }
        let widths = columns.map { $0.map(\.count).max() ?? 0 }
        return (0...records.count).map { row in
            let cells = entity.fields.indices.map { column in
                let cell = columns[column][row]
                guard entity.fields[column].type.isNumber else { return Self.pad(cell, widths[column]) }
                return String(repeating: " ", count: widths[column] - cell.count) + cell
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Integers and doubles are JSON numbers, JSON is itself, everything else a text as the commands take it.
    func json(of record: AnyRecord) -> String {
        let members = entity.fields.map { field in
            "\(Self.quoted(field.name)):\(Self.json(record[field.name] ?? .null))"
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func json(_ value: RecordValue) -> String {
        switch value {
        case .null, .bool, .int64, .uint64: value.description
        case .double(let number): number.isFinite ? "\(number)" : quoted("\(number)")
        case .json(let text):
            text.contains("\n") ? text.split(whereSeparator: \.isNewline).joined(separator: " ") : text
        case .text, .decimal, .bytes, .timestamp, .uuid: quoted(value.description)
        }
    }

    /// A text with nothing in it that would move a terminal's cursor.
    private static func shown(_ value: RecordValue) -> String {
        let text = value.description
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return quoted(text)
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.properties.generalCategory == .control:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}

extension ValueType {
    fileprivate var isNumber: Bool { [.int64, .uint64, .double, .decimal].contains(self) }
}
