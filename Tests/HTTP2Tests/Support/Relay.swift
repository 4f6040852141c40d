import TestSupport
import Testing

@testable import HTTP2

/// Client, sidecar and upstream in memory: the two sessions in the middle share a pool and hand streams on to each
/// other as the shell does, without deciding anything.
final class Relay {
    let client: ClientPeer
    let upstream: ServerPeer
    let pool: UnsafeMutablePointer<SessionPool>
    let inside: ServerSession
    let outside: ClientSession
    /// Size of the pieces in which bytes arrive.
    let piece: Int
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    init(
        client: SessionLimits = SessionLimits(), middle: SessionLimits = SessionLimits(),
        upstream: SessionLimits = SessionLimits(), piece: Int = .max
    ) {
        self.client = ClientPeer(client)
        self.upstream = ServerPeer(upstream)
        self.piece = piece
        pool = SessionPool.make(limits: middle)
        inside = ServerSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
        outside = ClientSession(pool: pool, owner: UnsafeMutableRawPointer(pool))
    }

    deinit {
        for session in [inside.session, outside.session] {
            var next = session.destroy()
            while let stream = next {
                next = stream.takeNextOpen()
                if stream.pointee.owner == nil { pool.recycle(stream) } else { closed(stream) }
            }
        }
        #expect(pool.pointee.buffered.bytes == 0)
        pool.destroy()
        buffer.deallocate()
    }

    /// Carries bytes until nobody has anything to say.
    func exchange() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            carry(client.send()) { receive($0, inside.session) }
            carry(send(inside.session)) { client.receive($0, inPiecesOf: piece) }
            carry(send(outside.session)) { upstream.receive($0, inPiecesOf: piece) }
            carry(upstream.send()) { receive($0, outside.session) }
        }
        func carry(_ bytes: [UInt8], to target: ([UInt8]) -> Void) {
            guard !bytes.isEmpty else { return }
            isQuiet = false
            target(bytes)
        }
    }

    private func send(_ session: SessionPointer) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let count = session.send(into: buffer)
            if count == 0 { break }
            bytes += UnsafeRawBufferPointer(rebasing: buffer[..<count])
        }
        handOn(session)
        return bytes
    }

    private func receive(_ bytes: [UInt8], _ session: SessionPointer) {
        bytes.withUnsafeBytes {
            var rest = $0[...]
            while !rest.isEmpty {
                let part = rest.prefix(piece)
                rest = rest.dropFirst(part.count)
                #expect(session.receive(UnsafeRawBufferPointer(rebasing: part)) == nil)
                handOn(session)
            }
        }
    }

    private func handOn(_ session: SessionPointer) {
        while let stream = session.nextTouched() {
            let events = stream.takeEvents()
            if session == inside.session { clientStream(stream, events) } else { leg(stream, events) }
        }
    }

    private func clientStream(_ stream: StreamPointer, _ events: StreamEvents) {
        if events.contains(.head), stream.pointee.owner == nil {
            pool.pointee.writer.removeAll()
            pool.pointee.writer.append(stream.pointee.fields, except: FieldTokens(.switchover))
            guard let leg = outside.request(bodyOf: stream) else { return stream.reset(7) }
            leg.pointee.owner = UnsafeMutableRawPointer(stream)
            stream.pointee.owner = UnsafeMutableRawPointer(leg)
        }
        guard let leg = partner(of: stream) else {
            if events.contains(.closed) { pool.recycle(stream) }
            return
        }
        leg.resume()
        if events.contains(.closed) {
            if !leg.pointee.isClosed { leg.reset(8) }
            closed(stream)
        }
    }

    private func leg(_ leg: StreamPointer, _ events: StreamEvents) {
        guard let stream = partner(of: leg) else { return }
        if leg.pointee.isHeadComplete, !stream.pointee.hasSentHead { inside.respond(stream, with: leg) }
        stream.resume()
        if events.contains(.closed) {
            if !leg.pointee.hasEnded { stream.reset(leg.pointee.errorCode) }
            closed(leg)
        }
    }

    /// Both are given back once both are closed.
    private func closed(_ stream: StreamPointer) {
        guard let partner = partner(of: stream), partner.pointee.isClosed else { return }
        pool.recycle(stream)
        pool.recycle(partner)
    }

    private func partner(of stream: StreamPointer) -> StreamPointer? {
        stream.pointee.owner?.assumingMemoryBound(to: Stream.self)
    }
}
