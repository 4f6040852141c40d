import SwiftProtobuf
import SwitchoverProtocol

/// A row of either table, and the record that clients see of it.
///
/// Its amount tells which write it comes of, its version how many there were, its store is its gray key; the checker
/// takes all three as one number.
struct StoredEntry: Equatable, CustomStringConvertible {
    let cents: Int64
    let store: String
    let version: Int64

    init(cents: Int64, store: String, version: Int64) {
        self.cents = cents
        self.store = store
        self.version = version
    }

    init(state: Int64) {
        self.init(
            cents: state >> 20, store: Scenario.stores[Int(state >> 16 & 0xF)], version: state & 0xFFFF)
    }

    /// Nil where its parts come of different writes.
    init?(_ record: Switchover_V1_Record) {
        guard record.fields.count == 2, let cents = Self.cents(of: record.fields[0].value.decimal),
            record.fields[1].value.text == Self.remark(cents)
        else { return nil }
        self.init(cents: cents, store: record.grayKey.text, version: record.version)
    }

    /// What the checker takes a record for.
    var state: Int64 { cents << 20 | Int64(Scenario.stores.firstIndex(of: store) ?? 0xF) << 16 | version }
    var description: String { "\(Self.decimal(cents)) of \(store) version \(version)" }

    /// As the amount goes to columns, times that of hundredths.
    static func decimal(_ cents: Int64) -> String {
        let hundredths = cents % 100
        return "\(cents / 100).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }

    /// Written together with the amount.
    static func remark(_ cents: Int64) -> String { "of \(cents)" }

    private static func cents(of decimal: String) -> Int64? {
        let parts = decimal.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int64(parts[0]) else { return nil }
        let rest = parts.count == 2 ? String(parts[1] + "00").prefix(2) : "00"
        return Int64(rest).map { whole * 100 + $0 }
    }

    // MARK: - Fields of requests

    static func fields(_ cents: Int64) -> [Switchover_V1_Field] {
        [
            .with {
                $0.name = "amount"
                $0.value.decimal = decimal(cents)
            },
            .with {
                $0.name = "remark"
                $0.value.text = remark(cents)
            },
        ]
    }

    static func text(_ text: String) -> Switchover_V1_Value { .with { $0.text = text } }

    static func key(_ record: Int64) -> Switchover_V1_Key {
        .with { $0.parts = [.with { $0.int64 = record }] }
    }
}
