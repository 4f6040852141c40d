import TestSupport

@testable import Migration

/// A value of a column, compared as the contract says.
enum Cell: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)

    /// Below 0 when this value comes first: null, false, small numbers, text by unsigned byte.
    func compare(_ other: Cell) -> Int {
        switch (self, other) {
        case (.null, .null): 0
        case (.null, _): -1
        case (_, .null): 1
        case (.bool(let one), .bool(let two)): (one ? 1 : 0) - (two ? 1 : 0)
        case (.number(let one), .number(let two)): one == two ? 0 : one < two ? -1 : 1
        case (.text(let one), .text(let two)):
            one == two ? 0 : one.utf8.lexicographicallyPrecedes(two.utf8) ? -1 : 1
        default: preconditionFailure("columns have one type each")
        }
    }
}

/// One side's copy of a record.
struct RecordCopy: Equatable {
    var gray: String
    /// The column that filters look at.
    var status: Int
    /// The columns that a query may order by: text, integer, floating point, bool, unsigned, wrapped integer.
    var columns: [Cell]
}

/// A record: its key, and what each side has of it.
struct SampleRecord {
    let id: Int64
    let name: String
    var old: RecordCopy?
    var new: RecordCopy?

    func copy(_ side: Side) -> RecordCopy? { side == .old ? old : new }
}

/// What a query orders by: places in `RecordCopy.columns`.
struct SampleOrder {
    let column: Int
    let isDescending: Bool
}

/// Which columns are the record key.
enum SampleKey: CaseIterable {
    case id
    case name
    case both
}

/// A row of a side: the record, and that side's copy.
struct SampleRow {
    let record: SampleRecord
    let side: Side
    let copy: RecordCopy

    /// The contract's order, by values: nothing of the code under test.
    func precedes(_ other: SampleRow, _ order: [SampleOrder], _ key: SampleKey) -> Bool {
        for term in order {
            let result = copy.columns[term.column].compare(other.copy.columns[term.column])
            if result != 0 { return (result < 0) != term.isDescending }
        }
        let byName = record.name.utf8.lexicographicallyPrecedes(other.record.name.utf8)
        switch key {
        case .id: return record.id < other.record.id
        case .name: return byName
        case .both: return byName || record.name == other.record.name && record.id < other.record.id
        }
    }
}

/// Random records over two sides; the follower's copies are stale in filter and order columns.
struct SampleRecords {
    static let grays = ["", "7", "07", "a", "A", " a"]
    static let texts = ["", "a", "A", "a ", " a", "ab", "aB", "b", "a\u{0}", "\u{e4}", "z"]

    var records: [SampleRecord]
    let stages: SampleStages

    init(records: [SampleRecord], stages: SampleStages) {
        self.records = records
        self.stages = stages
    }

    init(count: Int, stages allowed: [Stage], random: inout SeededRandom) {
        var stageOf: [String: Stage] = [:]
        for gray in Self.grays { stageOf[gray] = allowed.randomElement(using: &random) }
        var pins: [Int64: Stage] = [:]
        var names = Self.texts.flatMap { text in Self.texts.map { text + $0 } }.uniqued().shuffled(using: &random)
        records = []
        for id in Self.ids(count, &random) {
            let copy = RecordCopy.random(&random)
            var stale = random.chance(1, in: 2) ? copy : RecordCopy.random(&random)
            stale.gray = copy.gray
            if random.chance(1, in: 6) {
                pins[id] = allowed.randomElement(using: &random)
                // What is pinned may be stale in its gray key too.
                if random.chance(1, in: 2) { stale.gray = Self.grays.randomElement(using: &random) ?? "" }
            }
            let place = Int.random(in: 0..<6, using: &random)
            let name = names.removeLast()
            records.append(
                SampleRecord(id: id, name: name, old: place == 0 ? nil : copy, new: place == 1 ? nil : stale))
        }
        stages = SampleStages(stageOf: stageOf, pins: random.chance(1, in: 2) ? pins : [:])
        if stages.pins.isEmpty { alignGrayKeys() }
    }

    private mutating func alignGrayKeys() {
        for index in records.indices {
            if let gray = records[index].old?.gray { records[index].new?.gray = gray }
        }
    }

    private static func ids(_ count: Int, _ random: inout SeededRandom) -> [Int64] {
        Array(Array(-30...30).shuffled(using: &random).prefix(count)).map { Int64($0) }
    }

    /// The rows that a side has for a query, in order.
    func rows(of side: Side, status: Int?, _ order: [SampleOrder], _ key: SampleKey) -> [SampleRow] {
        records.compactMap { record in record.copy(side).map { SampleRow(record: record, side: side, copy: $0) } }
            .filter { status == nil || $0.copy.status == status }
            .sorted { $0.precedes($1, order, key) }
    }

    /// What the contract says that a query answers: evaluated on the authorities' rows.
    func truth(status: Int?, _ order: [SampleOrder], _ key: SampleKey) -> [SampleRow] {
        records.compactMap { authorityRow($0) }.filter { status == nil || $0.copy.status == status }
            .sorted { $0.precedes($1, order, key) }
    }

    private func authorityRow(_ record: SampleRecord) -> SampleRow? {
        let stage = stages.stage(of: record)
        let side = stage.authority
        if let copy = record.copy(side) { return SampleRow(record: record, side: side, copy: copy) }
        // A record that only the other side has belongs to it, where both sides are in use.
        guard stage == .dualOld || stage == .dualNew, let copy = record.copy(side.other) else { return nil }
        return SampleRow(record: record, side: side.other, copy: copy)
    }
}

extension RecordCopy {
    static func random(_ random: inout SeededRandom) -> RecordCopy {
        func number(_ choices: [Double], _ random: inout SeededRandom) -> Cell {
            .number(choices.randomElement(using: &random) ?? 0)
        }
        let isNull = (0..<6).map { _ in random.chance(1, in: 4) }
        let columns: [Cell] = [
            isNull[0] ? .null : .text(SampleRecords.texts.randomElement(using: &random) ?? ""),
            isNull[1] ? .null : number([-300, -1, 0, 1, 2, 300], &random),
            number([-.infinity, -1.5, -0.0, 0, 0.25, 1e300], &random),
            .bool(Bool.random(using: &random)),
            number([0, 1, 255, 256, 4_294_967_295], &random),
            isNull[5] ? .null : number([-5, 0, 5], &random),
        ]
        return RecordCopy(
            gray: SampleRecords.grays.randomElement(using: &random) ?? "",
            status: Int.random(in: 0...2, using: &random),
            columns: columns)
    }
}

/// Stages by gray key, and of pinned records.
struct SampleStages: RowStages {
    let stageOf: [String: Stage]
    /// By record id.
    let pins: [Int64: Stage]
    /// Canonical record keys to ids, for the plan that is in use.
    var ids: [[UInt8]: Int64] = [:]

    init(stageOf: [String: Stage], pins: [Int64: Stage]) {
        self.stageOf = stageOf
        self.pins = pins
    }

    func stage(of record: SampleRecord) -> Stage {
        let gray = record.old?.gray ?? record.new?.gray ?? ""
        return pins[record.id] ?? stageOf[gray] ?? .old
    }

    func stage(grayKey: UnsafeRawBufferPointer) -> Stage { stageOf[String(decoding: grayKey, as: UTF8.self)] ?? .old }
    var hasPins: Bool { !pins.isEmpty }
    var stageOfNoKey: Stage { .old }
    func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage? { ids[Array(recordKey)].flatMap { pins[$0] } }
}

extension Array where Element: Hashable {
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
