import FoundationEssentials
import SwitchoverProtocol
import Testing

@testable import SwitchoverClient

@Suite struct RecordValueTests {
    @Test(arguments: [
        RecordValue.null, true, 1, .int64(.min), .uint64(.max), 1.5, .decimal(Decimal(string: "-0.001") ?? 0), "text",
        .bytes([]), .bytes([0, 255]), .timestamp(Date(timeIntervalSince1970: -1.5)),
        .timestamp(Date(timeIntervalSince1970: 1_764_000_000.999999)),
        .uuid(UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))), .json("[]"),
    ])
    func theWireAndBack(value: RecordValue) throws {
        #expect(RecordValue(try value.wire()) == value)
    }

    @Test func theWireHasMicrosecondsBytesAndDigits() throws {
        #expect(try RecordValue.timestamp(Date(timeIntervalSince1970: -0.000001)).wire().timestamp == -1)
        #expect(
            try RecordValue.uuid(UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))).wire().uuid
                == Data(0...15))
        #expect(try RecordValue.decimal(Decimal(string: "12.50") ?? 0).wire().decimal == "12.5")
    }

    @Test(arguments: [
        RecordValue.timestamp(Date(timeIntervalSince1970: .nan)),
        .timestamp(Date(timeIntervalSince1970: 1e300)), .decimal(.nan),
    ])
    func whatIsNoValueIsRefused(value: RecordValue) {
        #expect(throws: SwitchoverError.self) { try value.wire() }
    }

    @Test func brokenValuesAreNotRead() {
        var wire = Switchover_V1_Value()
        wire.uuid = Data(0..<15)
        #expect(RecordValue(wire) == nil)
        wire.decimal = "many"
        #expect(RecordValue(wire) == nil)
    }

    @Test func aPersonCanReadThem() {
        let values: [RecordValue] = [
            nil, true, -1, 1.5, .decimal(Decimal(string: "12.50") ?? 0), "t", .bytes([10, 255]), .json("{}"),
            .timestamp(Date(timeIntervalSince1970: 1_483_271_606)),
            .timestamp(Date(timeIntervalSince1970: 1_483_271_606.5)),
            .timestamp(Date(timeIntervalSince1970: -0.25)),
        ]
        #expect(
            values.map(\.description) == [
                "null", "true", "-1", "1.5", "12.5", "t", "hex:0aff", "{}", "2017-01-01T11:53:26Z",
                "2017-01-01T11:53:26.5Z", "1969-12-31T23:59:59.75Z",
            ])
    }

    @Test(arguments: [
        ("2017-01-01T11:53:26Z", 1_483_271_606), ("2017-01-01T12:53:26+01:00", 1_483_271_606),
        ("2017-01-01T11:53:26.25Z", 1_483_271_606.25), ("2017-01-01T11:53:26.000001Z", 1_483_271_606.000001),
    ])
    func instantsAreRead(text: String, seconds: Double) {
        #expect(InstantText.date(of: text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: ["", "2017-01-01", "2017-01-01T11:53:26.Z", "2017-01-01T11:53:26.1234567Z", "yesterday"])
    func othersAreNot(text: String) { #expect(InstantText.date(of: text) == nil) }
}
