/// HTTP/2 frames made by hand (RFC 9113, 4.1), for what no well-behaved session would send.
///
/// Header blocks use literal fields without indexing alone (RFC 7541, 6.2.2 and 6.2.3), so that they need no state.
package enum Frames {
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    package enum Kind {
        package static let data: UInt8 = 0
        package static let headers: UInt8 = 1
        package static let priority: UInt8 = 2
        package static let resetStream: UInt8 = 3
        package static let settings: UInt8 = 4
        package static let ping: UInt8 = 6
        package static let goAway: UInt8 = 7
        package static let windowUpdate: UInt8 = 8
        package static let continuation: UInt8 = 9
    }

    package static func frame(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return Array(bigEndian(length)[1...]) + [kind, flags] + bigEndian(stream) + payload
    }

    package static func settings(_ entries: [(id: UInt16, value: UInt32)] = []) -> [UInt8] {
        frame(Kind.settings, entries.flatMap { [UInt8($0.id >> 8), UInt8($0.id & 0xff)] + bigEndian($0.value) })
    }

    package static let settingsAck = frame(Kind.settings, flags: 1)

    package static func headers(
        stream: UInt32, _ fields: [(String, String)], endsStream: Bool = true, neverIndexed: Bool = false
    ) -> [UInt8] {
        frame(
            Kind.headers, flags: endsStream ? 5 : 4, stream: stream,
            block(fields.map { (Array($0.0.utf8), Array($0.1.utf8)) }, neverIndexed: neverIndexed))
    }

    package static func data(stream: UInt32, _ bytes: [UInt8], endsStream: Bool = false) -> [UInt8] {
        frame(Kind.data, flags: endsStream ? 1 : 0, stream: stream, bytes)
    }

    package static func reset(stream: UInt32, _ code: UInt32) -> [UInt8] {
        frame(Kind.resetStream, stream: stream, bigEndian(code))
    }

    package static func ping(isAnswer: Bool = false) -> [UInt8] {
        frame(Kind.ping, flags: isAnswer ? 1 : 0, [1, 2, 3, 4, 5, 6, 7, 8])
    }

    package static func goAway(lastStream: UInt32, _ code: UInt32) -> [UInt8] {
        frame(Kind.goAway, bigEndian(lastStream) + bigEndian(code))
    }

    package static func windowUpdate(stream: UInt32, by increment: UInt32) -> [UInt8] {
        frame(Kind.windowUpdate, stream: stream, bigEndian(increment))
    }

    package static func block(_ fields: [(name: [UInt8], value: [UInt8])], neverIndexed: Bool = false) -> [UInt8] {
        fields.flatMap { [neverIndexed ? 0x10 : 0x00] + text($0.name) + text($0.value) }
    }

    /// What opens a gRPC request; custom fields follow.
    package static let requestHead = [
        (":method", "POST"), (":scheme", "http"), (":path", "/s/m"), (":authority", "a"),
        ("content-type", "application/grpc"), ("te", "trailers"),
    ]

    /// An HPACK string, not Huffman coded: its length as an integer with a 7-bit prefix, its bytes.
    private static func text(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var length: [UInt8] = [127]
        var rest = bytes.count - 127
        while rest >= 128 {
            length.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        return length + [UInt8(rest)] + bytes
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// A frame as it stands on the wire.
package struct Frame: Equatable {
    package let kind: UInt8
    package let flags: UInt8
    package let stream: UInt32
    package let payload: [UInt8]

    /// The error code of RST_STREAM or GOAWAY.
    package var code: UInt32? {
        switch kind {
        case Frames.Kind.resetStream: Self.number(payload[0..<4])
        case Frames.Kind.goAway: Self.number(payload[4..<8])
        default: nil
        }
    }

    /// GOAWAY's last stream.
    package var lastStream: UInt32 { Self.number(payload[0..<4]) }

    /// The whole frames at the start of `bytes`, a client's preface left out.
    package static func all(in bytes: [UInt8]) -> [Frame] {
        var rest = bytes[...]
        if rest.starts(with: Frames.preface) { rest = rest.dropFirst(Frames.preface.count) }
        var frames: [Frame] = []
        while rest.count >= 9 {
            let header = Array(rest.prefix(9))
            let length = Int(number([0] + header[0..<3]))
            guard rest.count >= 9 + length else { break }
            let payload = Array(rest.dropFirst(9).prefix(length))
            frames.append(
                Frame(kind: header[3], flags: header[4], stream: number(header[5..<9]) & 0x7fff_ffff, payload: payload))
            rest = rest.dropFirst(9 + length)
        }
        return frames
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
