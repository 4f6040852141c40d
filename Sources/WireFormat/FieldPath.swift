/// Where a field is: the field numbers from the message's top down, `1.3` for field 3 of the message in field 1.
///
/// Plain bits without an array inside, because a call plan is read on every call.
@usableFromInline package struct FieldPath: Sendable {
    package static let maxDepth = 8

    @usableFromInline let numbers: InlineArray<8, UInt32>
    @usableFromInline let depth: UInt8

    /// How many numbers the path has, 1...8.
    @inlinable package var count: Int { Int(depth) }

    /// The field number at a level, 0 being the message's top.
    @inlinable package subscript(level: Int) -> UInt32 { numbers[level] }

    package init(numbers: [UInt32]) throws(FieldPathError) {
        guard !numbers.isEmpty else { throw .empty }
        guard numbers.count <= Self.maxDepth else { throw .tooDeep(levels: numbers.count) }
        var stored = InlineArray<8, UInt32>(repeating: 0)
        for (level, number) in numbers.enumerated() {
            guard (1...536_870_911).contains(number) else { throw .outOfRange(number: "\(number)") }
            guard !(19_000...19_999).contains(number) else { throw .reserved(number: number) }
            stored[level] = number
        }
        self.numbers = stored
        self.depth = UInt8(numbers.count)
    }

    /// Reads `1.3`; numbers are decimal ASCII without signs, spaces or leading zeros.
    package init(_ text: some StringProtocol) throws(FieldPathError) {
        guard !text.isEmpty else { throw .empty }
        var numbers: [UInt32] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            let isDigits = part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isDigits, let first = part.utf8.first, first != 0x30 || part.utf8.count == 1 else {
                throw .notANumber(text: String(part))
            }
            guard let number = UInt32(part) else { throw .outOfRange(number: String(part)) }
            numbers.append(number)
        }
        try self.init(numbers: numbers)
    }
}

extension FieldPath: Equatable {
    @usableFromInline package static func == (left: FieldPath, right: FieldPath) -> Bool {
        guard left.depth == right.depth else { return false }
        for level in 0..<left.count where left[level] != right[level] { return false }
        return true
    }
}

extension FieldPath: CustomStringConvertible {
    @usableFromInline package var description: String { (0..<count).map { "\(self[$0])" }.joined(separator: ".") }
}

/// Why a text is not a field path; the description is for the person who wrote it.
package enum FieldPathError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooDeep(levels: Int)
    case notANumber(text: String)
    case outOfRange(number: String)
    case reserved(number: UInt32)

    package var description: String {
        switch self {
        case .empty: "a field path is empty; write field numbers such as 1 or 1.3"
        case .tooDeep(let levels): "a field path has \(levels) levels; at most \(FieldPath.maxDepth) are read"
        case .notANumber(let text): "'\(text)' is not a field number; write numbers joined by dots, such as 1.3"
        case .outOfRange(let number): "field number \(number) is out of range; protobuf has 1 to 536870911"
        case .reserved(let number): "field number \(number) is reserved by protobuf (19000 to 19999)"
        }
    }
}
