import Testing

@testable import WireFormat

@Suite struct LookUpPlanTests {
    static func request(_ plan: LookUpPlan, rows: [[UInt8]], query: [UInt8] = []) throws -> [UInt8] {
        var request = try withExactMemory(query) { try plan.request(copyingFrom: $0) }
        for row in rows { try withExactMemory(row) { try plan.append($0, to: &request) } }
        return request
    }

    static func plan(_ parts: [LookUpPart], template: [UInt8] = [], copied: [UInt32] = []) throws -> LookUpPlan {
        try LookUpPlan(
            method: "/a.B/C", template: template, copied: copied, element: 2, parts: parts, rows: 1,
            key: KeyPlan("1:string"))
    }

    @Test func templateAndCopiedFieldsComeFirst() throws {
        let plan = try Self.plan(
            [LookUpPart(path: FieldPath("1"), type: .string)], template: [0x40, 1], copied: [1, 7])
        // Fields 1 "a", 2 = 5, 7 = 300, 1 "b".
        let query: [UInt8] = [0x0a, 1, 0x61, 0x10, 5, 0x38, 0xac, 2, 0x0a, 1, 0x62]
        let request = try Self.request(plan, rows: [[0x0a, 2, 0x6b, 0x31], []], query: query)
        let copied: [UInt8] = [0x0a, 1, 0x61, 0x38, 0xac, 2, 0x0a, 1, 0x62]
        #expect(request == [0x40, 1] + copied + [0x12, 2, 0x6b, 0x31, 0x12, 0])
    }

    @Test func numbersKeepTheirFormOnTheWire() throws {
        let cases: [(type: ScalarType, row: [UInt8], element: [UInt8])] = [
            (.sint32, [0x08, 3], [0x10, 3]), (.int64, [0x08, 0x80, 1], [0x10, 0x80, 1]),
            (.bool, [0x08, 1], [0x10, 1]),
            (.uint64, [], [0x10, 0]), (.fixed32, [0x0d, 1, 2, 3, 4], [0x15, 1, 2, 3, 4]),
            (.sfixed64, [0x09, 1, 2, 3, 4, 5, 6, 7, 8], [0x11, 1, 2, 3, 4, 5, 6, 7, 8]), (.bytes, [], [0x12, 0]),
        ]
        for (type, row, element) in cases {
            let plan = try Self.plan([LookUpPart(path: FieldPath("1"), type: type)])
            #expect(try Self.request(plan, rows: [row]) == element, "\(type)")
        }
    }

    @Test func severalPartsAreOneMessage() throws {
        let plan = try Self.plan([
            LookUpPart(path: FieldPath("3.1"), type: .string, field: 5),
            LookUpPart(path: FieldPath("1"), type: .int32, field: 6),
        ])
        let row: [UInt8] = [0x08, 9, 0x1a, 3, 0x0a, 1, 0x61]
        #expect(try Self.request(plan, rows: [row]) == [0x12, 5, 0x2a, 1, 0x61, 0x30, 9])
    }

    @Test func theRowsOfAnAnswer() throws {
        let plan = try Self.plan([LookUpPart(path: FieldPath("1"), type: .string)])
        let answer: [UInt8] = [0x0a, 1, 0x61, 0x10, 7, 0x0a, 0]
        #expect(try withExactMemory(answer) { try plan.rows(of: $0) } == [2..<3, 7..<7])
        #expect(throws: RowFault(offset: 5, reason: .truncated)) {
            try withExactMemory(answer.dropLast()) { try plan.rows(of: $0) }
        }
    }

    @Test func partsWithoutAFieldStandAlone() throws {
        let path = try FieldPath("1")
        #expect(throws: RowPlanError.lookUpParts) { try Self.plan([]) }
        #expect(throws: RowPlanError.lookUpParts) {
            try Self.plan([LookUpPart(path: path, type: .string), LookUpPart(path: path, type: .bytes, field: 1)])
        }
        #expect(throws: RowPlanError.fieldNumber(0)) {
            try Self.plan([LookUpPart(path: path, type: .string, field: 0)])
        }
    }
}
