/// What happened to a stream since the shell last looked at it.
package struct StreamEvents: OptionSet, Sendable {
    package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The header block of the request, or the final one of the response, is complete in `fields`.
    @inlinable package static var head: StreamEvents { StreamEvents(rawValue: 1) }
    /// Bytes were added to `body`.
    @inlinable package static var data: StreamEvents { StreamEvents(rawValue: 2) }
    /// The peer has ended its direction; trailers, if any, are in `trailers`.
    @inlinable package static var end: StreamEvents { StreamEvents(rawValue: 4) }
    /// The stream is closed, `errorCode` says how; nothing more comes and nothing more can be sent.
    @inlinable package static var closed: StreamEvents { StreamEvents(rawValue: 8) }
    /// The header block passed the limit on metadata; what did not fit was dropped.
    @inlinable package static var oversized: StreamEvents { StreamEvents(rawValue: 16) }

    /// The body, the end or the close has come too.
    @inlinable package var hasMoreThanHead: Bool { rawValue & 0b1110 != 0 }
    @inlinable package static var none: StreamEvents { StreamEvents(rawValue: 0) }
}

/// A count of body bytes that wait on behalf of one client connection.
package struct BufferAccount {
    package var bytes = 0
    package init() {}
}

/// One HTTP/2 stream of a session: what came in, and where what goes out is taken from.
///
/// Bodies are not pushed: a stream that sends names the stream whose `body` it sends (`source`), and takes from it
/// when its own session packs a frame. Taking is what gives the source's peer its flow-control credit back, so a slow
/// reader on one side slows the writer on the other, and no more than a window waits here.
///
/// Pooled and recycled; lives from the peer's or our HEADERS until the shell recycles it.
package struct Stream {
    package internal(set) var id: Int32 = 0
    /// Nil once the session is gone.
    package internal(set) var session: UnsafeMutablePointer<Session>?
    /// The record of the shell that this stream belongs to.
    package var owner: UnsafeMutableRawPointer?

    // What came in.
    package internal(set) var fields = FieldList()
    package internal(set) var trailers = FieldList()
    package internal(set) var body = BodyQueue()
    package internal(set) var events = StreamEvents.none
    package internal(set) var isHeadComplete = false
    package internal(set) var hasEnded = false
    package internal(set) var isClosed = false
    /// What the peer or the session closed the stream with (RFC 9113, 7).
    package internal(set) var errorCode: UInt32 = 0
    /// Of a request.
    var rules = RequestRules()
    /// Bytes received whose flow-control credit has not been given back.
    var uncredited = 0
    /// Where `body` is counted beside the pool's own count.
    package internal(set) var account: UnsafeMutablePointer<BufferAccount>?
    /// Bytes that arrive are dropped, their credit is given back; the body's end is not passed on.
    package internal(set) var isDiscarding = false

    // What goes out.
    var source: UnsafeMutablePointer<Stream>?
    /// Sent in place of the source's end when the call ends here: its status. Of a body of our own, its end.
    var localTrailers: LocalFields?
    /// The head of an answer of our own, kept until it has been packed.
    var localHead: LocalFields?
    /// nghttp2 has been told to wait for more of the source.
    var isDeferred = false
    /// HEADERS have been handed to nghttp2.
    package internal(set) var hasSentHead = false
    /// The last frame of our direction has been handed to nghttp2.
    package internal(set) var hasSentEnd = false
    /// A reset has been handed to nghttp2.
    package internal(set) var isReset = false

    // The session's lists.
    var nextTouched: UnsafeMutablePointer<Stream>?
    var isTouched = false
    var nextOpen: UnsafeMutablePointer<Stream>?
    var previousOpen: UnsafeMutablePointer<Stream>?
}

package typealias StreamPointer = UnsafeMutablePointer<Stream>

/// Header fields of the sidecar's own making, for the rare answers that it gives itself.
package final class LocalFields {
    private let storage: UnsafeMutableBufferPointer<UInt8>
    private let ranges: [(name: Range<Int>, value: Range<Int>)]

    /// Size as RFC 9113, 6.5.2 counts it.
    package var bytes: Int { storage.count + 32 * ranges.count }

    /// Names must be lower case; values printable ASCII.
    package init(_ fields: [(name: String, value: String)]) {
        var bytes: [UInt8] = []
        var ranges: [(name: Range<Int>, value: Range<Int>)] = []
        for field in fields {
            let name = bytes.count..<bytes.count + field.name.utf8.count
            bytes += field.name.utf8
            let value = bytes.count..<bytes.count + field.value.utf8.count
            bytes += field.value.utf8
            ranges.append((name, value))
        }
        storage = .allocate(capacity: max(bytes.count, 1))
        _ = storage.initialize(from: bytes)
        self.ranges = ranges
    }

    deinit { storage.deallocate() }

    package func write(to writer: inout HeaderWriter) {
        for range in ranges {
            writer.append(
                name: UnsafeBufferPointer(rebasing: storage[range.name]),
                value: UnsafeBufferPointer(rebasing: storage[range.value]), indexed: false
            )
        }
    }
}
