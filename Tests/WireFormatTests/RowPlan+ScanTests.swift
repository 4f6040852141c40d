import SwiftProtobuf
import TestSupport
import Testing

@testable import WireFormat

@Suite struct RowPlanScanTests {
    /// Rows are the occurrences of `Sample.child`; the page token is `Sample.text`.
    static func plan(_ order: [OrderTerm] = [], isTotal: Bool = false) throws -> RowPlan {
        try RowPlan(
            field: 16, key: KeyPlan("5:int64"), order: order, isTotal: isTotal,
            paging: PagePlan(tokens: .opaque, limitField: nil, requestTokenField: 9, responseTokenField: 1))
    }

    static func scan(_ message: [UInt8], _ plan: RowPlan, into table: inout RowTable) throws -> PageFrame {
        try withExactMemory(message) { try plan.scan($0, page: 0, into: &table) }
    }

    /// Tagged fields of random messages, one behind the other, rows among them.
    @Test func rowsTokenAndRestAreTheWholeMessage() throws {
        let plan = try Self.plan()
        var samples = RandomSample(random: SeededRandom(seed: 21))
        var rows = 0
        for _ in 0..<2000 {
            let message = try samples.wire()
            var table = RowTable()
            let frame = try Self.scan(message, plan, into: &table)
            let tokens = try Self.fields(message).filter { $0.tag == 1 << 3 | 2 }
            #expect(frame.token == tokens.last.map { $0.start..<$0.end })
            let parts = table.rows.map { $0.fieldStart..<$0.end } + frame.rest + tokens.map { $0.offset..<$0.end }
            let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
            #expect(sorted.reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 } == message.count)
            for (one, two) in zip(frame.rest, frame.rest.dropFirst()) { #expect(one.upperBound < two.lowerBound) }
            for row in table.rows { _ = try Sample(serializedBytes: Array(message[row.range])) }
            rows += table.count
        }
        #expect(rows > 1000)
    }

    private static func fields(_ message: [UInt8]) throws -> [WireField] {
        try withExactMemory(message) { bytes in
            guard let base = bytes.baseAddress else { return [] }
            var cursor = FieldCursor(base: base, at: 0, end: bytes.count)
            var fields: [WireField] = []
            while let field = try cursor.next() { fields.append(field) }
            return fields
        }
    }

    @Test func everyTruncationIsMalformedOrAShorterMessage() throws {
        let plan = try Self.plan([OrderTerm(path: FieldPath("1"), type: .scalar(.string))])
        let rows = try (0..<4).map { number in
            try Sample.with {
                $0.text = "row \(number)"
                $0.int64 = Int64(number)
            }.serializedBytes() as [UInt8]
        }
        var message: [UInt8] = []
        var ends = [0]
        for row in rows {
            FieldWriter.append(16, row, to: &message)
            ends.append(message.count)
        }
        for end in 0...message.count {
            var table = RowTable()
            if let count = ends.firstIndex(of: end) {
                _ = try Self.scan(Array(message[..<end]), plan, into: &table)
                #expect(table.count == count)
            } else {
                let start = ends.last { $0 < end } ?? 0
                #expect(throws: RowFault(offset: start, reason: .truncated)) {
                    try Self.scan(Array(message[..<end]), plan, into: &table)
                }
            }
        }
    }

    @Test func aFaultInsideARowCountsFromTheMessagesStart() throws {
        let plan = try Self.plan()
        var message: [UInt8] = []
        FieldWriter.append(16, [0x28, 1], to: &message)
        FieldWriter.append(16, [0x28, 2, 0x0f], to: &message)
        var table = RowTable()
        #expect(throws: RowFault(offset: 10, reason: .wireType)) {
            try Self.scan(message, plan, into: &table)
        }
    }

    /// What may be asked at stage `old` may be asked everywhere, however long the text is by which rows are ordered.
    @Test(arguments: [false, true]) func aPositionMayBeLong(isShortWay: Bool) throws {
        let term = OrderTerm(path: try FieldPath("1"), type: .scalar(.string))
        let plan = try Self.plan([term], isTotal: isShortWay)
        let row: [UInt8] = try Sample.with { $0.text = String(repeating: "x", count: 1 << 20) }.serializedBytes()
        var message: [UInt8] = []
        FieldWriter.append(16, row, to: &message)
        var table = RowTable()
        _ = try Self.scan(message, plan, into: &table)
        #expect(table.position(of: 0).starts(with: Array(repeating: UInt8(ascii: "x"), count: 1 << 20)))
    }

    /// An order of one text at the row's top has a way of its own: it must order as the general one does.
    @Test func theShortWayAgreesWithTheGeneralOne() throws {
        let term = OrderTerm(path: try FieldPath("2"), type: .scalar(.bytes))
        let short = try Self.plan([term], isTotal: true)
        let general = try Self.plan([term])
        #expect(short.positionField == 2)
        #expect(general.positionField == nil)
        var samples = RandomSample(random: SeededRandom(seed: 22))
        for _ in 0..<500 {
            let message = try samples.wire()
            var tables = [RowTable(), RowTable()]
            _ = try Self.scan(message, short, into: &tables[0])
            _ = try Self.scan(message, general, into: &tables[1])
            #expect(tables[0].count == tables[1].count)
            for row in tables[0].rows.indices.dropLast() {
                let one = RowTable.compare(tables[0], row, tables[0], row + 1).signum()
                let two = RowTable.compare(tables[1], row, tables[1], row + 1).signum()
                // Where texts are equal the general order goes on with the record key.
                #expect(one == two || one == 0)
            }
        }
    }

    @Test func disorderIsFound() throws {
        let plan = try Self.plan([OrderTerm(path: FieldPath("1"), type: .scalar(.string))])
        func table(_ texts: [String]) throws -> RowTable {
            var message: [UInt8] = []
            for text in texts {
                FieldWriter.append(16, try Sample.with { $0.text = text }.serializedBytes() as [UInt8], to: &message)
            }
            var table = RowTable()
            _ = try Self.scan(message, plan, into: &table)
            return table
        }
        #expect(try table(["a", "b", "c"]).firstOutOfOrder(in: 1..<3) == nil)
        #expect(try table(["b", "a", "c"]).firstOutOfOrder(in: 1..<3) == 1)
        #expect(try table(["a", "c", "b"]).firstOutOfOrder(in: 1..<3) == 2)
        #expect(try table(["a", "a"]).firstOutOfOrder(in: 0..<2) == 1)
        #expect(try table([]).firstOutOfOrder(in: 0..<0) == nil)
    }
}
