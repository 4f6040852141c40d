import Migration
import SwiftProtobuf
import WireFormat

typealias QueryResponse = Switchover_Benchmark_QueryResponse
typealias Record = Switchover_Benchmark_Record
typealias Value = Switchover_Benchmark_Value

/// Two answers to one query, and which side each gray key's records belong to.
struct Scenario {
    static let rows = 1000
    static let grayKeys = 50

    let name: String
    let old: [UInt8]
    let new: [UInt8]
    private let plan: MultiQueryPlan
    private let stages: BenchmarkStages
    private let request: [UInt8]

    static let all: [Scenario] = [
        // In the middle of a migration: nearly every record is on both sides, half the gray keys are read from new.
        make("the same records on both sides", old: { $0 }, new: { $0 }),
        // Nothing in common: the answer has twice as many rows.
        make("each side's own records", old: { 2 * $0 + ($0 % 2) }, new: { 2 * $0 + 1 - ($0 % 2) }),
    ]

    private static func make(_ name: String, old: (Int) -> Int, new: (Int) -> Int) -> Scenario {
        do {
            return try Scenario(name, (0..<rows).map(old), (0..<rows).map(new))
        } catch {
            preconditionFailure("no scenario: \(error)")
        }
    }

    private init(_ name: String, _ old: [Int], _ new: [Int]) throws {
        self.name = name
        self.old = try Self.response(old, old).serializedBytes()
        self.new = try Self.response(new, new).serializedBytes()
        let key = try KeyPlan([KeyField(path: FieldPath("1.1.2"), type: .int64)])
        let gray = try KeyPlan([KeyField(path: FieldPath("2.6"), type: .string)])
        let rows = try RowPlan(
            field: 1, key: key, grayKey: gray, order: [OrderTerm(path: FieldPath("5"), type: .scalar(.bytes))],
            isTotal: true,
            paging: PagePlan(
                tokens: .keyset, limitField: 5, maximumLimit: 2 * Self.rows, requestTokenField: 6,
                responseTokenField: 2))
        plan = MultiQueryPlan(rows: rows, lookUp: nil)
        stages = BenchmarkStages()
        var request: [UInt8] = []
        FieldWriter.append(1, Array("orders".utf8), to: &request)
        self.request = request
    }

    /// As the sidecar merges: rows are found, compared and spliced.
    func splice() throws -> [UInt8] {
        var query = MultiQuery(plan: plan, sides: .both(nil))
        _ = query.start(request: request)
        _ = query.replied(.old, .message(old), stages: stages)
        guard case .answer(let answer, nil) = query.replied(.new, .message(new), stages: stages) else {
            preconditionFailure("two whole answers are an answer")
        }
        return answer
    }

    /// As one would write it with generated types.
    func decodeMergeEncode() throws -> [UInt8] {
        let old = try QueryResponse(serializedBytes: old).records
        let new = try QueryResponse(serializedBytes: new).records
        var merged = QueryResponse()
        merged.records.reserveCapacity(old.count + new.count)
        var (atOld, atNew) = (0, 0)
        while atOld < old.count || atNew < new.count {
            let isOldNext = atNew == new.count || atOld < old.count && precedes(old[atOld], new[atNew])
            let isNewNext = atOld == old.count || atNew < new.count && precedes(new[atNew], old[atOld])
            if isOldNext {
                merged.records.append(old[atOld])
                atOld += 1
            } else if isNewNext {
                merged.records.append(new[atNew])
                atNew += 1
            } else {
                let isOlds = stages.authority(of: old[atOld].grayKey.text) == .old
                merged.records.append(isOlds ? old[atOld] : new[atNew])
                atOld += 1
                atNew += 1
            }
        }
        return try merged.serializedBytes()
    }

    private func precedes(_ one: Record, _ two: Record) -> Bool { one.sortKey.lexicographicallyPrecedes(two.sortKey) }
}

/// Half of the gray keys are read from new.
struct BenchmarkStages: RowStages {
    func stage(grayKey: UnsafeRawBufferPointer) -> Stage {
        (grayKey.last ?? 0) & 1 == 0 ? .dualOld : .dualNew
    }

    func authority(of grayKey: String) -> Side { (grayKey.utf8.last ?? 0) & 1 == 0 ? .old : .new }
    var hasPins: Bool { false }
    var stageOfNoKey: Stage { .old }
    func pinnedStage(recordKey: UnsafeRawBufferPointer) -> Stage? { nil }
}
