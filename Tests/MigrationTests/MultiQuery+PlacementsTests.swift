import TestSupport
import Testing
import WireFormat

@testable import Migration

/// All placements of up to three records on two sides, each absent or at one of three places in the order, walked with
/// pages of one and two rows: every record exactly once (I6).
@Suite struct MultiQueryPlacementsTests {
    @Test(arguments: SampleService.Form.allCases.filter { $0 != .none }, [Stage.dualOld, .dualNew])
    func everyRecordIsMetExactlyOnce(form: SampleService.Form, stage: Stage) throws {
        let service = try SampleService(form, key: .id, order: [SampleOrder(column: 1, isDescending: false)])
        var walks = 0
        for count in 1...3 {
            for code in 0..<Self.power(16, count) {
                let records = Self.records(count, code, stage)
                guard records.records.allSatisfy({ $0.old != nil || $0.new != nil }) else { continue }
                let sides = SampleSides(service, records, status: nil, random: SeededRandom(seed: 1))
                for limit in 1...2 {
                    var walk = SampleWalk(sides, random: SeededRandom(seed: UInt64(code)))
                    let pages = try walk.pages(limit: limit, most: 10)
                    let ids = pages.flatMap(\.rows).map(\.id)
                    #expect(ids.sorted() == records.records.map(\.id), "placement \(code) of \(count), limit \(limit)")
                    walks += 1
                }
            }
        }
        #expect(walks == 2 * (15 + 225 + 3375))
    }

    private static func power(_ base: Int, _ exponent: Int) -> Int { (0..<exponent).reduce(1) { one, _ in one * base } }

    /// Two bits of the code for each copy: absent, or its value of the order column.
    private static func records(_ count: Int, _ code: Int, _ stage: Stage) -> SampleRecords {
        let records = (0..<count).map { index in
            SampleRecord(
                id: Int64(index + 1), name: "", old: copy(code >> (4 * index) & 3),
                new: copy(code >> (4 * index + 2) & 3))
        }
        return SampleRecords(records: records, stages: SampleStages(stageOf: ["": stage], pins: [:]))
    }

    private static func copy(_ bits: Int) -> RecordCopy? {
        guard bits > 0 else { return nil }
        var columns = [Cell](repeating: .null, count: 6)
        columns[1] = .number(Double(bits))
        return RecordCopy(gray: "", status: 0, columns: columns)
    }
}
