import Testing

@testable import SwitchoverClient

@Suite struct AnyRecordTests {
    @Test func itHasWhateverTheRecordHas() throws {
        let fields: [String: RecordValue] = ["id": 1, "note": nil, "code": .uint64(2)]
        var record = try RecordDecoder.decode(AnyRecord.self, from: fields)
        #expect(record["id"] == 1)
        #expect(record["note"] == .null)
        #expect(record["other"] == nil)
        record["note"] = "n"
        let written = try RecordEncoder.fields(of: record)
        #expect(written.map(\.name) == ["code", "id", "note"])
        #expect(written.map(\.value) == [.uint64(2), 1, "n"])
    }

    @Test func aLiteralMakesOne() {
        let count: UInt8 = 3
        let record: AnyRecord = ["id": 1, "note": nil, "count": count]
        #expect(record.fields == ["id": 1, "note": .null, "count": .uint64(3)])
    }
}
