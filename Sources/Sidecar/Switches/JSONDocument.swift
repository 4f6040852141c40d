/// Turns JSON text (RFC 8259) into document nodes that know their lines, which Foundation's reader does not tell.
///
/// Stricter than the RFC where it leaves room: text must be UTF-8, nesting has a limit. Equal keys are kept; the reader
/// of the mapping reports them.
struct JSONDocument {
    private static let depthAtMost = 32

    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1

    static func parse(_ bytes: [UInt8], file: String) throws(InvalidFile) -> DocumentNode {
        var parser = JSONDocument(bytes: bytes, file: file)
        let root = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.position < bytes.count { throw parser.failure("more text after the end of the document") }
        return root
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        // A byte order mark is let pass: editors leave it.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private func failure(_ problem: String) -> InvalidFile {
        InvalidFile(Place(file: file, line: line, path: ""), "not valid JSON: \(problem)")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(InvalidFile) -> DocumentNode {
        if depth > Self.depthAtMost { throw failure("nested more than \(Self.depthAtMost) deep") }
        skipSpace()
        let start = line
        switch next {
        case nil: throw failure("the text ends where a value should be")
        case UInt8(ascii: "{"): return DocumentNode(line: start, content: .mapping(try object(depth: depth)))
        case UInt8(ascii: "["): return DocumentNode(line: start, content: .sequence(try array(depth: depth)))
        case UInt8(ascii: "\""): return DocumentNode(line: start, content: .scalar(try string(), isQuoted: true))
        default: return DocumentNode(line: start, content: .scalar(try literal(), isQuoted: false))
        }
    }

    private mutating func object(depth: Int) throws(InvalidFile) -> [DocumentNode.Entry] {
        var entries: [DocumentNode.Entry] = []
        try list(until: UInt8(ascii: "}")) { (parser) throws(InvalidFile) in
            guard parser.next == UInt8(ascii: "\"") else { throw parser.failure("expected a key in double quotes") }
            let keyLine = parser.line
            let key = try parser.string()
            parser.skipSpace()
            guard parser.next == UInt8(ascii: ":") else { throw parser.failure("expected : after the key \"\(key)\"") }
            parser.position += 1
            entries.append(DocumentNode.Entry(key: key, line: keyLine, value: try parser.value(depth: depth + 1)))
        }
        return entries
    }

    private mutating func array(depth: Int) throws(InvalidFile) -> [DocumentNode] {
        var nodes: [DocumentNode] = []
        try list(until: UInt8(ascii: "]")) { (parser) throws(InvalidFile) in
            nodes.append(try parser.value(depth: depth + 1))
        }
        return nodes
    }

    /// From the opening bracket to the closing one: elements with commas between them.
    private mutating func list(
        until end: UInt8, _ element: (inout JSONDocument) throws(InvalidFile) -> Void
    ) throws(InvalidFile) {
        let start = line
        position += 1
        skipSpace()
        if next == end {
            position += 1
            return
        }
        while true {
            skipSpace()
            try element(&self)
            skipSpace()
            guard let byte = next else { throw failure("the text ends inside what was opened on line \(start)") }
            position += 1
            if byte == end { return }
            guard byte == UInt8(ascii: ",") else {
                position -= 1
                throw failure("expected , or \(Character(Unicode.Scalar(end)))")
            }
        }
    }

    /// A number, true, false or null, as written.
    private mutating func literal() throws(InvalidFile) -> String {
        let start = position
        while let byte = next, isLiteral(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if ["true", "false", "null"].contains(text) || Self.isNumber(bytes[start..<position]) { return text }
        if text.isEmpty { throw failure("unexpected character") }
        throw failure("\"\(text.prefix(40))\" is no value; text stands in double quotes")
    }

    private func isLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?`
    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func digits(_ rest: inout ArraySlice<UInt8>) -> Int {
            let count = rest.prefix { (0x30...0x39).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits(&rest)
        guard whole == 1 || (whole > 1 && !startsWithZero) else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            if digits(&rest) == 0 { return false }
        }
        if let exponent = rest.first, [UInt8(ascii: "e"), UInt8(ascii: "E")].contains(exponent) {
            rest = rest.dropFirst()
            if let sign = rest.first, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(sign) { rest = rest.dropFirst() }
            if digits(&rest) == 0 { return false }
        }
        return rest.isEmpty
    }

    private mutating func string() throws(InvalidFile) -> String {
        position += 1
        let start = position
        // Most strings have no escape and are taken in one piece.
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        var text = Array(bytes[start..<position])
        while true {
            guard let byte = next else { throw failure("the text ends inside a string") }
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return result
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20: throw failure("a line break or control character inside a string; write \\n")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape() throws(InvalidFile) -> [UInt8] {
        guard let byte = next else { throw failure("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(InvalidFile) -> [UInt8] {
        var units = [try hexadecimal()]
        if (0xD800..<0xDC00).contains(units[0]), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            units.append(try hexadecimal())
        }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw failure("half a surrogate pair in a string")
        }
        return Array(text.utf8)
    }

    private mutating func hexadecimal() throws(InvalidFile) -> UInt16 {
        let digits = bytes[position..<min(position + 4, bytes.count)]
        let text = String(decoding: digits, as: UTF8.self)
        guard digits.count == 4, !text.hasPrefix("+"), !text.hasPrefix("-"), let unit = UInt16(text, radix: 16) else {
            throw failure("\\u needs four hexadecimal digits")
        }
        position += 4
        return unit
    }
}
