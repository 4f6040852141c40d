import Testing
import WireFormat

/// The table of `Protocol/vectors/canonical-keys.json`, which `check_vectors.py` checks on its own.
@Suite struct KeyPlanScanTests {
    struct Vector: Decodable, CustomTestStringConvertible {
        struct Component: Decodable {
            let path: String
            let type: String
            let presence: String
        }

        struct Result: Decodable {
            struct Malformed: Decodable {
                let component: Int
                let offset: Int
                let reason: String
            }

            let key: String?
            let missing: Int?
            let malformed: Malformed?
            let tooLong: Int?
        }

        let name: String
        let message: String
        let components: [Component]
        let result: Result

        var testDescription: String { name }

        func plan() throws -> KeyPlan {
            try KeyPlan(
                components.map { component in
                    KeyField(
                        path: try FieldPath(component.path),
                        type: try #require(ScalarType(name: component.type)),
                        presence: component.presence == "required" ? .required : .optional
                    )
                }
            )
        }

        func outcome() throws -> ScanOutcome {
            if let key = result.key { return .key(try Vectors.bytes(hex: key)) }
            if let component = result.missing { return .missing(component: component) }
            if let component = result.tooLong { return .tooLong(component: component) }
            let malformed = try #require(result.malformed)
            let reason = try #require(ScanFault.names[malformed.reason])
            return .malformed(component: malformed.component, offset: malformed.offset, reason: reason)
        }
    }

    static func vectors() throws -> [Vector] { try Vectors.load("canonical-keys.json", as: [Vector].self) }

    @Test func theVectorsCoverEveryOutcome() throws {
        let results = try Self.vectors().map(\.result)
        #expect(results.count > 200)
        #expect(results.contains { $0.missing != nil })
        #expect(results.contains { $0.tooLong != nil })
        #expect(Set(results.compactMap(\.malformed?.reason)).count == ScanFault.allCases.count)
    }

    @Test(arguments: try vectors())
    func aVector(vector: Vector) throws {
        let message = try Vectors.bytes(hex: vector.message)
        #expect(ScanOutcome.scan(message, try vector.plan()) == (try vector.outcome()))
    }

    /// A plan of one text at the top has a path of its own through the code: it must say what the general one says.
    @Test(arguments: try vectors())
    func theShortWayAgreesWithTheGeneralOne(vector: Vector) throws {
        let message = try Vectors.bytes(hex: vector.message)
        for type in ["string", "bytes"] {
            let short = ScanOutcome.scan(message, try KeyPlan("1:\(type)"))
            let general = ScanOutcome.scan(message, try KeyPlan("1:\(type)", "1:\(type)"))
            switch (short, general) {
            case (.key(let key), .key(let twice)): #expect(twice.count == 2 * (key.count + 4))
            case (.key(let key), .tooLong): #expect(2 * (key.count + 4) > KeyPlan.maxKeyBytes)
            default: #expect(short == general)
            }
        }
    }

    @Test func anEmptyBufferWithoutMemoryIsAnEmptyMessage() throws {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 1)
        defer { scratch.deallocate() }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        for (component, expected) in [("1:string", ""), ("1:uint64", "0"), ("1.2:bool", "false")] {
            guard case .key(let key) = try KeyPlan(component).scan(nothing, scratch: scratch) else {
                Issue.record("\(component) has no key")
                continue
            }
            #expect(Array(key) == Array(expected.utf8))
        }
    }

    @Test func aTextKeyIsASliceOfTheMessage() throws {
        let message: [UInt8] = [0x10, 7, 0x0a, 2, 0x61, 0x62]
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 1)
        defer { scratch.deallocate() }
        let plan = try KeyPlan("1:string")
        message.withUnsafeBytes { message in
            guard case .key(let key) = plan.scan(message, scratch: scratch) else {
                Issue.record("no key")
                return
            }
            #expect(key.baseAddress == message.baseAddress.map { $0 + 4 })
            #expect(key.count == 2)
        }
    }
}

extension ScanFault {
    /// The reasons as the vectors spell them.
    static let names: [String: ScanFault] = [
        "truncated": .truncated, "varintTooLong": .varintTooLong, "fieldNumber": .fieldNumber, "group": .group,
        "wireType": .wireType,
    ]
}
