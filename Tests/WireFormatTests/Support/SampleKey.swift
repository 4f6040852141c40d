import WireFormat

/// What swift-protobuf says a key component is: the other side of the comparison with the scanner.
struct SampleKey: Sendable, CustomStringConvertible {
    let number: UInt32
    let type: ScalarType
    let read: @Sendable (Sample) -> [UInt8]
    /// Nil where a parser cannot tell (fields without presence).
    var isPresent: (@Sendable (Sample) -> Bool)?
    /// Whether a length-delimited value of this field is read by a parser too; a single number's would be unknown to
    /// it.
    var takesLengths = false

    var description: String { "\(number):\(type.name)" }

    static let all: [SampleKey] = [
        SampleKey(number: 1, type: .string, read: { Array($0.text.utf8) }, takesLengths: true),
        SampleKey(number: 2, type: .bytes, read: { Array($0.blob) }, takesLengths: true),
        SampleKey(number: 3, type: .bool, read: { decimal($0.flag) }),
        SampleKey(number: 4, type: .int32, read: { decimal($0.int32) }),
        SampleKey(number: 5, type: .int64, read: { decimal($0.int64) }),
        SampleKey(number: 6, type: .uint32, read: { decimal($0.uint32) }),
        SampleKey(number: 7, type: .uint64, read: { decimal($0.uint64) }),
        SampleKey(number: 8, type: .sint32, read: { decimal($0.sint32) }),
        SampleKey(number: 9, type: .sint64, read: { decimal($0.sint64) }),
        SampleKey(number: 10, type: .fixed32, read: { decimal($0.fixed32) }),
        SampleKey(number: 11, type: .fixed64, read: { decimal($0.fixed64) }),
        SampleKey(number: 12, type: .sfixed32, read: { decimal($0.sfixed32) }),
        SampleKey(number: 13, type: .sfixed64, read: { decimal($0.sfixed64) }),
        SampleKey(
            number: 14, type: .string, read: { Array($0.maybe.utf8) }, isPresent: { $0.hasMaybe }, takesLengths: true),
        SampleKey(number: 15, type: .sint64, read: { decimal($0.maybeNumber) }, isPresent: { $0.hasMaybeNumber }),
        SampleKey(
            number: 17, type: .sint32, read: { decimal($0.packed.last ?? 0) }, isPresent: { !$0.packed.isEmpty },
            takesLengths: true),
        SampleKey(
            number: 18, type: .int64, read: { decimal($0.unpacked.last ?? 0) }, isPresent: { !$0.unpacked.isEmpty },
            takesLengths: true),
        SampleKey(
            number: 19, type: .fixed32, read: { decimal($0.packedFixed.last ?? 0) },
            isPresent: { !$0.packedFixed.isEmpty }, takesLengths: true),
        SampleKey(number: 536_870_911, type: .string, read: { Array($0.far.utf8) }, takesLengths: true),
    ]

    /// The plan for this field `depth` messages down.
    func plan(depth: Int, presence: Presence = .optional) throws -> KeyPlan {
        let path = try FieldPath(numbers: Array(repeating: 16, count: depth) + [number])
        return try KeyPlan([KeyField(path: path, type: type, presence: presence)])
    }

    /// What the scan of a well-formed message must say.
    func expected(in sample: Sample, depth: Int, presence: Presence = .optional) -> ScanOutcome {
        let holder = (0..<depth).reduce(sample) { outer, _ in outer.child }
        if presence == .required, let isPresent, !isPresent(holder) { return .missing(component: 0) }
        return .key(read(holder))
    }

    private static func decimal<Value>(_ value: Value) -> [UInt8] { Array("\(value)".utf8) }
}
