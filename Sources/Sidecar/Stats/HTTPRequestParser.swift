/// A request as far as the stats port cares.
struct HTTPRequest: Equatable {
    enum Method: Equatable {
        case get
        case head
        /// Well-formed, and not for this port.
        case other
    }

    let method: Method
    /// Without the query; as written, nothing is decoded.
    let path: String
    /// The client wants to go on with this connection afterwards.
    let keepsAlive: Bool
}

/// Cuts the bytes of one HTTP/1.1 connection into requests (RFC 9112): pure, incremental, strict where leniency is how
/// requests are smuggled.
///
/// Only heads are read: GET and HEAD need no body here, and a request that announces one is refused, so that where the
/// next one begins is never in doubt. Lines end with CRLF and nothing else. After `rejected` the connection is of no
/// more use.
struct HTTPRequestParser {
    enum Outcome: Equatable {
        case incomplete
        case request(HTTPRequest)
        /// With the status of the answer, after which the connection is closed.
        case rejected(HTTPStatus)
    }

    /// Of one request: line, fields, and the empty line.
    static let maxBytes = 8 << 10

    private var bytes: [UInt8] = []
    /// Where the next request begins.
    private var start = 0
    /// Up to here no end of a head was found.
    private var scanned = 0

    /// Whether bytes of an unfinished request are here.
    var isAmidRequest: Bool { start < bytes.count }

    /// Takes bytes as they come. Call `next` until it is incomplete before more are added.
    mutating func append(_ added: some Sequence<UInt8>) {
        bytes.removeFirst(start)
        scanned -= start
        start = 0
        bytes += added
    }

    /// The next request, or what is wrong with it.
    mutating func next() -> Outcome {
        skipEmptyLines()
        guard let end = findEnd() else {
            return bytes.count - start > Self.maxBytes ? .rejected(.headersTooLarge) : earlyRejection()
        }
        guard end - start <= Self.maxBytes else { return .rejected(.headersTooLarge) }
        let head = bytes[start..<end - 2]
        start = end
        scanned = end
        return HTTPHead.parse(head)
    }

    /// Empty lines before a request are ignored (RFC 9112, 2.2).
    private mutating func skipEmptyLines() {
        while bytes.count - start >= 2, bytes[start] == .carriageReturn, bytes[start + 1] == .lineFeed { start += 2 }
        scanned = max(scanned, start)
    }

    /// Just past the empty line that ends the head.
    private mutating func findEnd() -> Int? {
        var index = scanned
        while index + 3 < bytes.count {
            if bytes[index] == .carriageReturn, bytes[index + 1] == .lineFeed, bytes[index + 2] == .carriageReturn,
                bytes[index + 3] == .lineFeed
            {
                return index + 4
            }
            index += 1
        }
        scanned = index
        return nil
    }

    /// What can be no HTTP/1 request is told so at once: a TLS hello, say, whose sender would wait for ever.
    private func earlyRejection() -> Outcome {
        guard let first = bytes[start...].first, !first.isTokenByte, first != .carriageReturn else {
            return .incomplete
        }
        return .rejected(.badRequest)
    }
}

/// The grammar of a request's head.
private enum HTTPHead {
    typealias Bytes = ArraySlice<UInt8>

    /// `head` ends with the CRLF of its last line.
    static func parse(_ head: Bytes) -> HTTPRequestParser.Outcome {
        var lines = Lines(rest: head)
        guard let first = lines.next() else { return .rejected(.badRequest) }
        let parts = first.split(separator: .space, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(\.isTokenByte) else {
            return .rejected(.badRequest)
        }
        guard let minor = minorVersion(parts[2]) else {
            return .rejected(parts[2].starts(with: "HTTP/".utf8) ? .versionNotSupported : .badRequest)
        }
        guard let path = path(of: parts[1]) else { return .rejected(.badRequest) }
        var fields = Fields()
        while let line = lines.next() {
            guard fields.take(line) else { return .rejected(.badRequest) }
        }
        guard lines.areWellFormed, minor == 0 || fields.hosts == 1, fields.hosts <= 1 else {
            return .rejected(.badRequest)
        }
        guard !fields.announcesBody else { return .rejected(.contentTooLarge) }
        let keepsAlive = minor == 1 ? !fields.closes : fields.keepsAlive && !fields.closes
        return .request(HTTPRequest(method: method(parts[0]), path: path, keepsAlive: keepsAlive))
    }

    private static func method(_ name: Bytes) -> HTTPRequest.Method {
        if name.elementsEqual("GET".utf8) { return .get }
        return name.elementsEqual("HEAD".utf8) ? .head : .other
    }

    private static func minorVersion(_ text: Bytes) -> Int? {
        if text.elementsEqual("HTTP/1.1".utf8) { return 1 }
        return text.elementsEqual("HTTP/1.0".utf8) ? 0 : nil
    }

    /// Origin form, `*`, or the path of the absolute form (RFC 9112, 3.2).
    private static func path(of target: Bytes) -> String? {
        guard !target.isEmpty, target.allSatisfy({ $0 > .space && $0 < 0x7f }) else { return nil }
        var path = target
        if path.count > 7, path.prefix(7).map(\.lowercased).elementsEqual("http://".utf8) {
            path = path.dropFirst(7).drop { $0 != .slash && $0 != .questionMark }
            if path.first != .slash { path = [.slash] + path }
        }
        guard path.first == .slash || path.elementsEqual("*".utf8) else { return nil }
        return String(decoding: path.prefix { $0 != .questionMark }, as: UTF8.self)
    }

    /// Lines that end with CRLF; a lone CR or LF makes them ill-formed.
    private struct Lines {
        var rest: Bytes
        var areWellFormed = true

        mutating func next() -> Bytes? {
            guard !rest.isEmpty else { return nil }
            guard let end = rest.firstIndex(where: { $0 == .carriageReturn || $0 == .lineFeed }),
                end + 1 < rest.endIndex,
                rest[end] == .carriageReturn, rest[end + 1] == .lineFeed
            else {
                areWellFormed = false
                return nil
            }
            defer { rest = rest[(end + 2)...] }
            return rest[..<end]
        }
    }

    /// What the fields say that matters here.
    private struct Fields {
        var hosts = 0
        var closes = false
        var keepsAlive = false
        var announcesBody = false

        /// False when the line is no field: no name, a space in or behind it, a folded line, a control character.
        mutating func take(_ line: Bytes) -> Bool {
            guard let colon = line.firstIndex(of: .colon) else { return false }
            let name = line[..<colon]
            guard !name.isEmpty, name.allSatisfy(\.isTokenByte) else { return false }
            let value = line[(colon + 1)...]
            guard value.allSatisfy({ ($0 >= .space && $0 != 0x7f) || $0 == .tab }) else { return false }
            switch String(decoding: name.map(\.lowercased), as: UTF8.self) {
            case "host": hosts += 1
            case "connection": takeConnection(value)
            case "transfer-encoding": announcesBody = true
            case "content-length": return takeLength(value)
            default: break
            }
            return true
        }

        private mutating func takeConnection(_ value: Bytes) {
            for option in value.split(separator: .comma) {
                let text = trimmed(option).map(\.lowercased)
                if text.elementsEqual("close".utf8) { closes = true }
                if text.elementsEqual("keep-alive".utf8) { keepsAlive = true }
            }
        }

        private mutating func takeLength(_ value: Bytes) -> Bool {
            let digits = trimmed(value)
            guard !digits.isEmpty, digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
                return false
            }
            if digits.contains(where: { $0 != UInt8(ascii: "0") }) { announcesBody = true }
            return true
        }

        private func trimmed(_ bytes: Bytes) -> Bytes {
            let isBlank = { (byte: UInt8) in byte == .space || byte == .tab }
            guard let last = bytes.lastIndex(where: { !isBlank($0) }) else { return [] }
            return bytes[...last].drop(while: isBlank)
        }
    }
}

extension UInt8 {
    fileprivate static var tab: UInt8 { 0x09 }
    fileprivate static var lineFeed: UInt8 { 0x0a }
    fileprivate static var carriageReturn: UInt8 { 0x0d }
    fileprivate static var space: UInt8 { 0x20 }
    fileprivate static var comma: UInt8 { UInt8(ascii: ",") }
    fileprivate static var slash: UInt8 { UInt8(ascii: "/") }
    fileprivate static var colon: UInt8 { UInt8(ascii: ":") }
    fileprivate static var questionMark: UInt8 { UInt8(ascii: "?") }

    /// ASCII only, as HTTP compares.
    fileprivate var lowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self + 32 : self }

    /// RFC 9110, 5.6.2.
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
