import SwitchoverProtocol
import Testing

@testable import SwitchoverClient

@Suite struct RecordShapeTests {
    private let shape = RecordShape(entity: "lines", key: ["order", "line"], grayKey: "store", version: "version")

    private func record(version: Int64? = 3) -> Switchover_V1_Record {
        var record = Switchover_V1_Record()
        record.key.parts = [value(.int64(7)), value(.text("a"))]
        record.grayKey = value(.text("406"))
        var field = Switchover_V1_Field()
        field.name = "amount"
        record.fields = [field]
        if let version { record.version = version }
        return record
    }

    private func value(_ kind: Switchover_V1_Value.OneOf_Kind) -> Switchover_V1_Value {
        var value = Switchover_V1_Value()
        value.kind = kind
        return value
    }

    @Test func aRecordsFieldsAllHaveNames() throws {
        #expect(
            try shape.fields(of: record())
                == ["order": 7, "line": "a", "store": "406", "amount": nil, "version": 3])
        #expect(try shape.fields(of: record(version: nil))["version"] == .null)
        let unversioned = RecordShape(entity: "lines", key: ["order", "line"], grayKey: "store", version: nil)
        #expect(try unversioned.fields(of: record()).keys.sorted() == ["amount", "line", "order", "store"])
    }

    @Test func aKeyOfAnotherLengthIsToldApart() {
        let narrow = RecordShape(entity: "lines", key: ["order"], grayKey: "store", version: nil)
        #expect(throws: SwitchoverError.self) { try narrow.fields(of: record()) }
    }

    @Test func aGrayKeyMayBePartOfTheKey() throws {
        let shape = RecordShape(entity: "lines", key: ["store", "order"], grayKey: "store", version: nil)
        let parts = try shape.parts(of: [("order", 7), ("store", "406"), ("amount", nil)])
        #expect(parts.key.parts.map(\.kind) == [.text("406"), .int64(7)])
        #expect(parts.grayKey.kind == .text("406"))
        #expect(parts.fields.map(\.name) == ["amount"])
        #expect(!parts.fields[0].hasValue)
    }

    @Test func aRecordIsTakenApart() throws {
        let parts = try shape.parts(
            of: [("version", 3), ("store", "406"), ("line", "a"), ("amount", 5), ("order", 7)])
        #expect(parts.key.parts.map(\.kind) == [.int64(7), .text("a")])
        #expect(parts.grayKey.kind == .text("406"))
        #expect(parts.fields.map(\.name) == ["amount"])
    }

    @Test(arguments: ["order", "store"]) func itNeedsItsKeys(missing: String) {
        let fields: [(String, RecordValue)] = [("order", 7), ("line", "a"), ("store", "406")]
        let error = #expect(throws: SwitchoverError.self) {
            try shape.parts(of: fields.filter { $0.0 != missing }.map { ($0.0, $0.1) })
        }
        #expect(error?.message.hasPrefix("the record has no \(missing)") == true)
        #expect(throws: SwitchoverError.self) {
            try shape.parts(of: fields.map { ($0.0, $0.0 == missing ? .null : $0.1) })
        }
    }

    @Test func keysAreWrittenByPositionOrName() throws {
        let wanted: [Switchover_V1_Value.OneOf_Kind?] = [.int64(7), .text("a")]
        #expect(try shape.wire([7, "a"]).parts.map(\.kind) == wanted)
        #expect(try shape.wire(["line": "a", "order": 7]).parts.map(\.kind) == wanted)
        let order: Int32 = 7
        #expect(try shape.wire(["line": "a", "order": order]).parts.map(\.kind) == wanted)
        #expect(try shape.wire(RecordKey(order, "a")).parts.map(\.kind) == wanted)
        #expect(try shape.wire(9).parts.map(\.kind) == [.int64(9)])
        #expect(try shape.wire("b").parts.map(\.kind) == [.text("b")])
    }

    @Test(
        arguments: [["order": 7], ["order": 7, "lin": "a"], ["order": 7, "line": "a", "further": 1]] as [RecordKey])
    func namesOfAKeyAreChecked(key: RecordKey) {
        let error = #expect(throws: SwitchoverError.self) { try shape.wire(key) }
        #expect(error?.message == "a record key of lines is order, line, not \(key)")
    }

    @Test func changesKnowTheGrayKey() throws {
        let changes = try shape.changes(["amount": 5, "note": nil, "store": "407"])
        #expect(changes.fields.map(\.name) == ["amount", "note"])
        #expect(!changes.fields[1].hasValue)
        #expect(changes.newGrayKey?.kind == .text("407"))
        #expect(try shape.changes(["amount": 5]).newGrayKey == nil)
    }

    @Test(arguments: ["order", "version", "store"]) func whatCannotChangeIsSaid(name: String) {
        let error = #expect(throws: SwitchoverError.self) { try shape.changes([name: nil]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("\(name) is ") == true)
    }
}
