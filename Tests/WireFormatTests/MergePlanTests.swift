import Testing
import WireFormat

@Suite struct MergePlanTests {
    @Test func neighboursAreOnePiece() {
        var plan = MergePlan()
        plan.append(0..<2, of: 0)
        plan.append(2..<4, of: 0)
        plan.append(4..<6, of: 1)
        plan.append(3..<3, of: 0)
        plan.append(6..<7, of: 1)
        plan.append(0..<1, of: 1)
        #expect(plan.pieces.map(\.input) == [0, 1, 1])
        #expect(plan.pieces.map(\.range) == [0..<4, 4..<7, 0..<1])
        #expect(plan.byteCount == 8)
        #expect(plan.message(of: [Array(0..<10), Array(10..<20)], tail: [99]) == [0, 1, 2, 3, 14, 15, 16, 10, 99])
    }

    @Test func nothingIsAnEmptyMessage() {
        #expect(MergePlan().message(of: []) == [])
        #expect(MergePlan().message(of: [[1]], tail: [2]) == [2])
    }
}
