import Foundation
import Testing
import WireFormat

/// The scanner says what Python's protobuf said when `Samples/make_corpus.py` wrote `Samples/corpus.txt`.
@Suite struct KeyPlanPythonProtobufTests {
    @Test func everyKeyOfTheCorpus() throws {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../Samples/corpus.txt").standardizedFileURL
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 250)
        var keys = 0
        for (index, line) in lines.enumerated() {
            let columns = line.split(separator: " ")
            let wire = columns[0] == "-" ? [] : try Vectors.bytes(hex: String(columns[0]))
            for column in columns.dropFirst() {
                let parts = column.split(separator: "=", omittingEmptySubsequences: false)
                let expected: ScanOutcome =
                    parts[1] == "-" ? .missing(component: 0) : .key(try Vectors.bytes(hex: String(parts[1])))
                #expect(
                    ScanOutcome.scan(wire, try KeyPlan(String(parts[0]))) == expected, "line \(index + 1), \(column)")
                keys += 1
            }
        }
        #expect(keys == 2_000)
    }
}
