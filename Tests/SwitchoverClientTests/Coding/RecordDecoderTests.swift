import FoundationEssentials
import Testing

@testable import SwitchoverClient

@Suite struct RecordDecoderTests {
    private enum Status: String, Codable { case open, sent }

    private struct Cents: RawRepresentable, Codable, Equatable { var rawValue: Int64 }

    private struct Everything: Codable, Equatable {
        var bool = true
        var int = -1
        var int8: Int8 = -8
        var int16: Int16 = -16
        var int32: Int32 = -32
        var int64 = Int64.min
        var uint: UInt = 1
        var uint8: UInt8 = 8
        var uint16: UInt16 = 16
        var uint32: UInt32 = 32
        var uint64 = UInt64.max
        var double = 1.5
        var float: Float = 0.25
        var decimal: Decimal? = Decimal(string: "-12345678901234567890123456789012345.678")
        var text = "é"
        var data = Data([1, 2])
        var bytes: [UInt8] = [3]
        var date = Date(timeIntervalSince1970: 1_764_000_000.123456)
        var uuid = UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
        var json = JSONText(rawValue: #"{"a":1}"#)
        var value: RecordValue = .decimal(1)
        var status = Status.sent
        var cents = Cents(rawValue: 99)
    }

    private let written: [String: RecordValue] = [
        "bool": .bool(true), "int": .int64(-1), "int8": .int64(-8), "int16": .int64(-16), "int32": .int64(-32),
        "int64": .int64(.min), "uint": .uint64(1), "uint8": .uint64(8), "uint16": .uint64(16), "uint32": .uint64(32),
        "uint64": .uint64(.max), "double": .double(1.5), "float": .double(0.25),
        "decimal": .decimal(Decimal(string: "-12345678901234567890123456789012345.678") ?? 0), "text": .text("é"),
        "data": .bytes([1, 2]), "bytes": .bytes([3]),
        "date": .timestamp(Date(timeIntervalSince1970: 1_764_000_000.123456)),
        "uuid": .uuid(UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))),
        "json": .json(#"{"a":1}"#), "value": .decimal(1), "status": .text("sent"), "cents": .int64(99),
    ]

    @Test func theTableHolds() throws {
        let fields = try RecordEncoder.fields(of: Everything())
        #expect(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) }) == written)
        #expect(try RecordDecoder.decode(Everything.self, from: written) == Everything())
    }

    private struct Optionals: Codable, Equatable {
        var bool: Bool?
        var string: String?
        var double: Double?
        var float: Float?
        var int: Int?
        var int8: Int8?
        var int16: Int16?
        var int32: Int32?
        var int64: Int64?
        var uint: UInt?
        var uint8: UInt8?
        var uint16: UInt16?
        var uint32: UInt32?
        var uint64: UInt64?
        var date: Date?
        var status: Status?
    }

    @Test func nilIsNullWhateverTheType() throws {
        let fields = try RecordEncoder.fields(of: Optionals())
        #expect(fields.count == 16)
        #expect(fields.allSatisfy { $0.value == .null })
        let nulls = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
        #expect(try RecordDecoder.decode(Optionals.self, from: nulls) == Optionals())
        #expect(try RecordDecoder.decode(Optionals.self, from: [:]) == Optionals())
        let some = try RecordDecoder.decode(Optionals.self, from: ["int8": .int64(1), "status": .text("open")])
        #expect(some == Optionals(int8: 1, status: .open))
        #expect(try RecordEncoder.fields(of: some).filter { $0.value != .null }.map(\.name) == ["int8", "status"])
    }

    private struct Row: Codable, Equatable {
        var id: Int
        var name: String

        enum CodingKeys: String, CodingKey {
            case id = "order_id"
            case name
        }
    }

    @Test func codingKeysNameFieldsAndOthersAreIgnored() throws {
        let row = try RecordDecoder.decode(Row.self, from: ["order_id": 1, "name": "n", "further": true])
        #expect(row == Row(id: 1, name: "n"))
        #expect(try RecordEncoder.fields(of: row).map(\.name) == ["order_id", "name"])
    }

    private func decodingFault(_ fields: [String: RecordValue]) -> String {
        do {
            return "\(try RecordDecoder.decode(Row.self, from: fields))"
        } catch let error as DecodingError {
            switch error {
            case .keyNotFound(let key, let context): return "\(key.stringValue) missing: \(context.debugDescription)"
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                return context.debugDescription
            @unknown default: return "?"
            }
        } catch {
            return "\(error)"
        }
    }

    @Test func whatCannotBeReadIsNamed() {
        #expect(decodingFault(["name": "n"]) == "order_id missing: the record has no field order_id")
        #expect(
            decodingFault(["order_id": "1", "name": "n"]) == "field order_id: Int is not read from a value of type text"
        )
        #expect(
            decodingFault(["order_id": 1, "name": nil])
                == "field name: String was expected and NULL found; make it optional")
        #expect(
            decodingFault(["order_id": .uint64(.max), "name": "n"])
                == "field order_id: 18446744073709551615 has no place in Int")
    }

    private struct Wide: Codable, Equatable {
        var a: UInt8
        var b: Int
        var c: Decimal
        var d: String
        var e: String
    }

    @Test func relatedTypesAreReadWhereTheyFit() throws {
        let wide = try RecordDecoder.decode(
            Wide.self,
            from: ["a": .int64(255), "b": .uint64(7), "c": .int64(-3), "d": .json("{}"), "e": .decimal(12.5)])
        #expect(wide == Wide(a: 255, b: 7, c: -3, d: "{}", e: "12.5"))
        #expect(throws: DecodingError.self) {
            try RecordDecoder.decode(
                Wide.self,
                from: ["a": .int64(256), "b": .uint64(7), "c": .int64(-3), "d": .json("{}"), "e": .decimal(12.5)])
        }
    }

    private struct Nested: Codable { var tags: [String] }
    private struct Deep: Codable { var inner: Nested }

    @Test func aFieldIsOneValue() {
        let fault = { (value: any Encodable) -> String in
            do {
                return "\(try RecordEncoder.fields(of: value))"
            } catch EncodingError.invalidValue(_, let context) {
                return context.debugDescription
            } catch {
                return "\(error)"
            }
        }
        #expect(fault(Nested(tags: ["a"])) == "field tags has one value; write several as JSONText")
        #expect(fault(Nested(tags: [])) == "field tags has one value; write several as JSONText")
        #expect(fault(Deep(inner: Nested(tags: []))) == "field inner has one value; write several as JSONText")
        #expect(fault(7) == "a record is a struct of named fields")
        #expect(fault([7]) == "a record is a struct of named fields")
        #expect(throws: DecodingError.self) { try RecordDecoder.decode(Nested.self, from: ["tags": "a"]) }
        #expect(throws: DecodingError.self) { try RecordDecoder.decode(Deep.self, from: ["inner": "a"]) }
        #expect(throws: DecodingError.self) { try RecordDecoder.decode(Int.self, from: ["a": 1]) }
    }
}
