/// Where a field is: the field numbers from the message's top down, `1.3` for field 3 of the message in field 1.
///
/// A repeated field is entered at one of its elements, counted from 0: `2.1[0].2` is field 2 of the first message that
/// field 1 of the message in field 2 holds. Plain bits without an array inside, because a call plan is read on every
/// call.
@usableFromInline package struct FieldPath: Sendable {
    package static let maxDepth = 8
    package static let maxElement: UInt32 = 6

    /// Each level's field number in the low 29 bits; above them its element plus 1, or 0 where it names none.
    @usableFromInline let numbers: InlineArray<8, UInt32>
    @usableFromInline let depth: UInt8
    /// Whether any level names an element.
    package let hasElements: Bool

    /// How many numbers the path has, 1...8.
    @inlinable package var count: Int { Int(depth) }

    /// The field number at a level, 0 being the message's top.
    @inlinable package subscript(level: Int) -> UInt32 { numbers[level] & 0x1fff_ffff }

    /// Which element of the repeated field at a level is meant; nil where the path names none.
    package func element(at level: Int) -> UInt32? { numbers[level] >> 29 == 0 ? nil : numbers[level] >> 29 - 1 }

    package init(numbers: [UInt32]) throws(FieldPathError) {
        try self.init(numbers.map { (number: $0, element: nil) })
    }

    package init(_ steps: [(number: UInt32, element: UInt32?)]) throws(FieldPathError) {
        guard !steps.isEmpty else { throw .empty }
        guard steps.count <= Self.maxDepth else { throw .tooDeep(levels: steps.count) }
        var numbers = InlineArray<8, UInt32>(repeating: 0)
        for (level, step) in steps.enumerated() {
            guard (1...536_870_911).contains(step.number) else { throw .outOfRange(number: "\(step.number)") }
            guard !(19_000...19_999).contains(step.number) else { throw .reserved(number: step.number) }
            numbers[level] = step.number
            guard let element = step.element else { continue }
            guard element <= Self.maxElement else { throw .elementOutOfRange(element: "\(element)") }
            numbers[level] |= (element + 1) << 29
        }
        self.numbers = numbers
        depth = UInt8(steps.count)
        hasElements = steps.contains { $0.element != nil }
    }

    /// Reads `1.3` or `2.1[0].2`; numbers are decimal ASCII without signs, spaces or leading zeros.
    package init(_ text: some StringProtocol) throws(FieldPathError) {
        guard !text.isEmpty else { throw .empty }
        var steps: [(number: UInt32, element: UInt32?)] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            steps.append(try Self.step(Substring(part)))
        }
        try self.init(steps)
    }

    /// One part of a path: `3`, or `3[0]`.
    private static func step(_ part: Substring) throws(FieldPathError) -> (number: UInt32, element: UInt32?) {
        guard part.hasSuffix("]"), let bracket = part.firstIndex(of: "[") else {
            guard isDecimal(part) else { throw .notANumber(text: String(part)) }
            guard let number = UInt32(part) else { throw .outOfRange(number: String(part)) }
            return (number, nil)
        }
        let index = part[part.index(after: bracket)...].dropLast()
        guard isDecimal(index) else { throw .notAnElement(text: String(part)) }
        guard let element = UInt32(index) else { throw .elementOutOfRange(element: String(index)) }
        return (try step(part[..<bracket]).number, element)
    }

    private static func isDecimal(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return first != 0x30 || text.utf8.count == 1
    }
}

extension FieldPath: Equatable {
    @usableFromInline package static func == (left: FieldPath, right: FieldPath) -> Bool {
        guard left.depth == right.depth else { return false }
        for level in 0..<left.count where left.numbers[level] != right.numbers[level] { return false }
        return true
    }
}

extension FieldPath: CustomStringConvertible {
    @usableFromInline package var description: String {
        let steps = (0..<count).map { level in "\(self[level])" + (element(at: level).map { "[\($0)]" } ?? "") }
        return steps.joined(separator: ".")
    }
}

/// Why a text is not a field path; the description is for the person who wrote it.
package enum FieldPathError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooDeep(levels: Int)
    case notANumber(text: String)
    case outOfRange(number: String)
    case reserved(number: UInt32)
    case notAnElement(text: String)
    case elementOutOfRange(element: String)

    package var description: String {
        switch self {
        case .empty: "a field path is empty; write field numbers such as 1 or 1.3"
        case .tooDeep(let levels): "a field path has \(levels) levels; at most \(FieldPath.maxDepth) are read"
        case .notANumber(let text): "'\(text)' is not a field number; write numbers joined by dots, such as 1.3"
        case .outOfRange(let number): "field number \(number) is out of range; protobuf has 1 to 536870911"
        case .reserved(let number): "field number \(number) is reserved by protobuf (19000 to 19999)"
        case .notAnElement(let text): "'\(text)' names no element; write its position in brackets, such as 1[0]"
        case .elementOutOfRange(let element):
            "element \(element) is out of range; elements 0 to \(FieldPath.maxElement) are read"
        }
    }
}
