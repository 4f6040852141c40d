import CNghttp2

/// What the sessions of one loop share: memory, recycled streams, the list of sessions that have something to send.
///
/// Loop-confined; lives behind a pointer from `make` to `destroy`, longer than its sessions.
package struct SessionPool {
    package let limits: SessionLimits
    /// Gathers fields for the next submission.
    package var writer: HeaderWriter
    /// Body bytes that wait in all streams.
    package internal(set) var buffered = BufferAccount()
    /// Monotonic nanoseconds; the shell sets it before a session receives.
    package var now: UInt64 = 0

    let memory: SessionMemory
    let serverCallbacks: OpaquePointer
    let clientCallbacks: OpaquePointer
    let serverOptions: OpaquePointer
    let clientOptions: OpaquePointer
    fileprivate var freeStreams: StreamPointer?
    fileprivate var freeCount = 0
    var firstDirty: UnsafeMutablePointer<Session>?

    fileprivate static var keptStreams: Int { 1024 }

    /// Fails only when memory is exhausted.
    package static func make(limits: SessionLimits) -> UnsafeMutablePointer<SessionPool> {
        let pool = UnsafeMutablePointer<SessionPool>.allocate(capacity: 1)
        pool.initialize(to: SessionPool(limits: limits))
        return pool
    }

    private init(limits: SessionLimits) {
        self.limits = limits
        // A forwarded block, and a few fields of ours.
        writer = HeaderWriter(capacity: limits.metadataFields + 16)
        memory = SessionMemory()
        serverCallbacks = SessionCallbacks.make(.server)
        clientCallbacks = SessionCallbacks.make(.client)
        serverOptions = Self.makeOptions(.server, limits)
        clientOptions = Self.makeOptions(.client, limits)
    }

    /// Flow-control credit is ours to give back; closed streams are remembered by us, in less memory; a peer that
    /// floods us with frames that want an answer ends its session. Resets are counted by us, so that nghttp2's own
    /// count never comes first. Requests are judged by `RequestRules`; blanks around a value are ours to take off.
    private static func makeOptions(_ role: Session.Role, _ limits: SessionLimits) -> OpaquePointer {
        var options: OpaquePointer?
        nghttp2_option_new(&options)
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_no_closed_streams(options, 1)
        nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options, 1)
        if role == .server { nghttp2_option_set_no_http_messaging(options, 1) }
        nghttp2_option_set_max_outbound_ack(options, 1000)
        nghttp2_option_set_max_settings(options, 32)
        // As much metadata as we take is also sent on, with a few fields of ours; a block's frames are at most 16 KiB.
        nghttp2_option_set_max_send_header_block_length(options, max(limits.metadataBytes + (4 << 10), 64 << 10))
        nghttp2_option_set_max_continuations(options, max(limits.metadataBytes >> 14 + 2, 8))
        nghttp2_option_set_stream_reset_rate_limit(options, 1 << 40, 1 << 40)
        nghttp2_option_set_peer_max_concurrent_streams(options, 100)
        return options.unsafelyUnwrapped
    }
}

extension UnsafeMutablePointer<SessionPool> {
    /// Counts bytes that wait elsewhere than in a stream, or do so no more.
    package func count(_ bytes: Int) { pointee.buffered.bytes += bytes }

    /// Frees everything; no session may be left.
    package func destroy() {
        while let stream = pointee.freeStreams {
            pointee.freeStreams = stream.pointee.nextOpen
            free(stream)
        }
        nghttp2_session_callbacks_del(pointee.serverCallbacks)
        nghttp2_session_callbacks_del(pointee.clientCallbacks)
        nghttp2_option_del(pointee.serverOptions)
        nghttp2_option_del(pointee.clientOptions)
        pointee.writer.free()
        pointee.memory.free()
        deinitialize(count: 1)
        deallocate()
    }

    /// Takes one session that has something to send, or may have ended, off the list; nil when there is none.
    package func popDirty() -> UnsafeMutablePointer<Session>? {
        guard let session = pointee.firstDirty else { return nil }
        pointee.firstDirty = session.pointee.nextDirty
        session.pointee.isDirty = false
        session.pointee.nextDirty = nil
        return session
    }

    /// Gives a stream back. Its session must have closed it or be gone, and nothing may name it as source any more.
    package func recycle(_ stream: StreamPointer) {
        assert(stream.pointee.session == nil || stream.pointee.isClosed)
        stream.settleAccount(from: stream.pointee.body.held, to: 0, in: self)
        if pointee.freeCount >= SessionPool.keptStreams { return free(stream) }
        stream.pointee.fields.removeAll()
        stream.pointee.trailers.removeAll()
        stream.pointee.body.reset()
        stream.resetForReuse()
        stream.pointee.nextOpen = pointee.freeStreams
        pointee.freeStreams = stream
        pointee.freeCount += 1
    }

    /// Takes what has arrived out of a stream that has ended and that its session has not closed yet: a stream of its
    /// own with that head, body and trailers. What may still arrive is dropped.
    package func takeReply(of stream: StreamPointer) -> StreamPointer {
        stream.creditAll()
        let reply = newStream()
        swap(&reply.pointee.fields, &stream.pointee.fields)
        swap(&reply.pointee.trailers, &stream.pointee.trailers)
        swap(&reply.pointee.body, &stream.pointee.body)
        reply.pointee.isHeadComplete = stream.pointee.isHeadComplete
        reply.pointee.hasEnded = stream.pointee.hasEnded
        reply.pointee.isClosed = true
        // Its bytes are counted where they were.
        reply.pointee.account = stream.pointee.account
        stream.pointee.account = nil
        stream.pointee.isDiscarding = true
        return reply
    }

    func newStream() -> StreamPointer {
        if let stream = pointee.freeStreams {
            pointee.freeStreams = stream.pointee.nextOpen
            pointee.freeCount -= 1
            stream.pointee.nextOpen = nil
            return stream
        }
        let stream = StreamPointer.allocate(capacity: 1)
        stream.initialize(to: Stream())
        return stream
    }

    private func free(_ stream: StreamPointer) {
        stream.pointee.fields.free()
        stream.pointee.trailers.free()
        stream.pointee.body.free()
        stream.deinitialize(count: 1)
        stream.deallocate()
    }
}

extension StreamPointer {
    fileprivate func resetForReuse() {
        pointee.id = 0
        pointee.session = nil
        pointee.owner = nil
        pointee.events = .none
        pointee.isHeadComplete = false
        pointee.hasEnded = false
        pointee.rules = RequestRules()
        pointee.isClosed = false
        pointee.errorCode = 0
        pointee.uncredited = 0
        pointee.account = nil
        pointee.isDiscarding = false
        pointee.source = nil
        if pointee.localTrailers != nil { pointee.localTrailers = nil }
        if pointee.localHead != nil { pointee.localHead = nil }
        pointee.isDeferred = false
        pointee.hasSentHead = false
        pointee.hasSentEnd = false
        pointee.isReset = false
        pointee.nextTouched = nil
        pointee.isTouched = false
    }

    /// Keeps the two counts of waiting bytes in step with what the body holds.
    func settleAccount(from before: Int, to after: Int, in pool: UnsafeMutablePointer<SessionPool>) {
        guard before != after else { return }
        pool.pointee.buffered.bytes += after - before
        if let account = pointee.account { account.pointee.bytes += after - before }
    }
}
