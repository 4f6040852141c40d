import Testing
import WireFormat

@testable import Migration

/// A new gray key that has its field's default value: the same as none, unless presence says otherwise (contract, 6).
@Suite struct WritePlanTests {
    struct Case: Sendable {
        let type: ScalarType
        let presence: Presence
        let message: [UInt8]
        /// Nil: the record keeps its own.
        let key: String?
    }

    static let cases: [Case] = [
        Case(type: .string, presence: .optional, message: [], key: nil),
        Case(type: .string, presence: .optional, message: [0x12, 0x00], key: nil),
        Case(type: .string, presence: .optional, message: [0x12, 0x01, 0x33], key: "3"),
        // The last one counts.
        Case(type: .string, presence: .optional, message: [0x12, 0x01, 0x33, 0x12, 0x00], key: nil),
        Case(type: .string, presence: .required, message: [], key: nil),
        Case(type: .string, presence: .required, message: [0x12, 0x00], key: ""),
        Case(type: .int64, presence: .optional, message: [0x10, 0x00], key: nil),
        Case(type: .int64, presence: .optional, message: [0x10, 0x03], key: "3"),
        Case(type: .int64, presence: .required, message: [0x10, 0x00], key: "0"),
    ]

    @Test(arguments: cases) func aNewGrayKeyOfTheDefaultValue(_ sample: Case) throws {
        let field = try KeyField(path: FieldPath("2"), type: sample.type, presence: sample.presence)
        let plan = try WritePlan(
            recordKey: KeyPlan([KeyField(path: FieldPath("1"), type: .int64)]), inserts: .new, guardsInserts: true,
            lookUp: nil, put: nil, putOrInsert: nil, newGrayKey: KeyPlan([field]))
        var found: String?
        withUnsafeTemporaryAllocation(byteCount: KeyPlan.scratchBytes, alignment: 16) { scratch in
            sample.message.withUnsafeBytes { message in
                if case .key(let key) = plan.newGrayKey(in: message, scratch: scratch) {
                    found = String(decoding: key, as: UTF8.self)
                }
            }
        }
        #expect(found == sample.key)
    }
}
