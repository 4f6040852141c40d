import EventLoop
import HTTP2
import Migration
import WireFormat

/// Writes the head of a request to a side: the client's own fields, the time that is left, and what the sidecar tells
/// every side.
struct RequestHeadWriter {
    let fields: FieldList
    /// Monotonic nanoseconds; 0 where there is none.
    let deadline: UInt64
    /// When the client's request came, monotonic nanoseconds.
    let arrivedAt: UInt64
    let epoch: UInt64
    let stage: Stage?

    /// How much memory the text of the fields of its own needs; it must live until the stream is closed.
    static var scratchBytes: Int { 48 }
    private static var epochBytes: Int { 24 }

    func write(_ writer: inout HeaderWriter, now: UInt64, scratch: UnsafeMutablePointer<UInt8>) {
        writer.removeAll()
        // While no time has passed the client's own value is as true as one of ours, and cheaper to pass on.
        let isUntouched = deadline == 0 || (now == arrivedAt && fields.tokens.contains(.grpcTimeout))
        let own = notForSides
        writer.appendRequest(fields, except: isUntouched ? own : own.with(.grpcTimeout))
        if !isUntouched { writeTimeout(&writer, now: now, scratch: scratch) }
        writeOwn(&writer, scratch: scratch)
    }

    /// The same for a request whose message is not the client's and not compressed, and whose answer the sidecar reads.
    ///
    /// - Parameters:
    ///   - path: of another method than the client's.
    ///   - own: in place of a client's fields.
    func writeOwn(
        _ writer: inout HeaderWriter, now: UInt64, scratch: UnsafeMutablePointer<UInt8>,
        path: UnsafeBufferPointer<UInt8>?, own: LocalFields?
    ) {
        writer.removeAll()
        var replaced = notForSides.with(.grpcTimeout).with(.grpcEncoding).with(.grpcAcceptEncoding).with(.contentLength)
        if let path {
            writer.append(name: ":path", value: path)
            replaced = replaced.with(.path)
        }
        own?.write(to: &writer)
        writer.appendRequest(fields, except: replaced)
        if let codings = AcceptedCodings(fields).offer { writer.append(name: "grpc-accept-encoding", value: codings) }
        if deadline != 0 { writeTimeout(&writer, now: now, scratch: scratch) }
        writeOwn(&writer, scratch: scratch)
    }

    /// The sidecar's own fields, and a `host` beside an `:authority`: it says the same, or servers fail the connection.
    private var notForSides: FieldTokens {
        let own = FieldTokens(.switchover)
        return fields.tokens.contains(.host) && fields.tokens.contains(.authority) ? own.with(.host) : own
    }

    private func writeTimeout(_ writer: inout HeaderWriter, now: UInt64, scratch: UnsafeMutablePointer<UInt8>) {
        let start = scratch + Self.epochBytes
        let text = UnsafeMutableRawBufferPointer(start: start, count: Self.scratchBytes - Self.epochBytes)
        let count = GRPCTimeout.write(nanoseconds: deadline > now ? deadline - now : 0, into: text)
        writer.append(
            name: "grpc-timeout", value: UnsafeBufferPointer(start: start, count: count), indexed: false)
    }

    private func writeOwn(_ writer: inout HeaderWriter, scratch: UnsafeMutablePointer<UInt8>) {
        writer.append(name: "switchover-epoch", value: decimal(scratch))
        if let stage { writer.append(name: "switchover-stage", value: stage.name) }
    }

    private func decimal(_ scratch: UnsafeMutablePointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var rest = epoch
        var start = Self.epochBytes
        repeat {
            start -= 1
            scratch[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        return UnsafeBufferPointer(start: scratch + start, count: Self.epochBytes - start)
    }
}
