import CNghttp2

/// One HTTP/2 connection without its socket: bytes in -> events, commands -> bytes out, by libnghttp2.
///
/// What nghttp2's callbacks hear is only written down, on the stream and in `notices`; the shell acts on it after
/// `receive` has returned, so nothing re-enters. A session with something to send is on its pool's list of dirty
/// sessions. `ServerSession` and `ClientSession` are the two faces of it.
package struct Session {
    /// What happened to the connection as a whole since the shell last looked.
    package struct Notices: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The peer has sent its SETTINGS.
        package static var settings: Notices { Notices(rawValue: 1) }
        /// The peer will take no new streams, `goAwayCode` says why; those above `lastStreamID` come back refused.
        package static var goAway: Notices { Notices(rawValue: 2) }
        /// Our ping has come back.
        package static var pingAnswered: Notices { Notices(rawValue: 4) }
        /// The peer spent its budget of resets or empty frames; the session is ending with ENHANCE_YOUR_CALM.
        package static var flood: Notices { Notices(rawValue: 8) }
    }

    package enum Role: UInt8, Sendable {
        case server
        case client
    }

    package let role: Role
    package let pool: UnsafeMutablePointer<SessionPool>
    /// The shell's record of the connection.
    package let owner: UnsafeMutableRawPointer
    package internal(set) var notices = Notices(rawValue: 0)
    package internal(set) var openStreams = 0
    /// Streams that the peer reset, in all.
    package internal(set) var resetsReceived: UInt64 = 0

    var raw: OpaquePointer?
    var firstOpen: StreamPointer?
    var firstTouched: StreamPointer?
    var lastTouched: StreamPointer?
    /// The stream that the last callback was about, to save the look-up.
    var recent: StreamPointer?
    var recentID: Int32 = -1
    /// The highest stream that the peer has opened.
    var lastOpened: Int32 = 0
    /// The highest stream that is taken: our GOAWAY names it, and may wait to be sent for as long as the peer reads
    /// nothing. One above it that was carried out would be sent again elsewhere.
    var lastTaken = Int32.max
    var closed = ClosedStreams()
    var walk = FrameWalk(skipping: Int(NGHTTP2_CLIENT_MAGIC_LEN))
    /// Of the peer's GOAWAY.
    package internal(set) var goAwayCode: UInt32 = 0
    var resets: TokenBucket
    var idleFrames: TokenBucket
    var isDirty = false
    var nextDirty: UnsafeMutablePointer<Session>?
}

package typealias SessionPointer = UnsafeMutablePointer<Session>

/// A session that cannot go on, and why.
package enum SessionFault: Error, Sendable {
    /// The first bytes are not HTTP/2's preface (RFC 9113, 3.4).
    case notHTTP2
    /// The peer asked for more answers than it reads.
    case flooded
    /// nghttp2 gave up; its error code.
    case failed(code: Int32)
}

extension SessionPointer {
    static func make(_ role: Session.Role, pool: UnsafeMutablePointer<SessionPool>, owner: UnsafeMutableRawPointer)
        -> Self
    {
        let session = SessionPointer.allocate(capacity: 1)
        let limits = pool.pointee.limits
        session.initialize(
            to: Session(
                role: role, pool: pool, owner: owner,
                resets: TokenBucket(burst: limits.resetBurst, perSecond: limits.resetsPerSecond),
                idleFrames: TokenBucket(burst: limits.idleFrameBurst, perSecond: limits.idleFramesPerSecond)
            )
        )
        let memory = pool.pointee.memory.allocator
        switch role {
        case .server:
            nghttp2_session_server_new3(
                &session.pointee.raw, pool.pointee.serverCallbacks, session, pool.pointee.serverOptions, memory)
        case .client:
            nghttp2_session_client_new3(
                &session.pointee.raw, pool.pointee.clientCallbacks, session, pool.pointee.clientOptions, memory)
        }
        session.submitSettings()
        return session
    }

    /// Ends the session at once; the shell must have taken all touched streams. Returns the first of the streams that
    /// were open: they are closed, have no session, and hang together by `takeNextOpen`, for the shell to recycle.
    package func destroy() -> StreamPointer? {
        assert(pointee.firstTouched == nil)
        nghttp2_session_del(pointee.raw)
        let first = pointee.firstOpen
        var next = first
        while let stream = next {
            next = stream.pointee.nextOpen
            stream.pointee.session = nil
            stream.pointee.isClosed = true
            stream.pointee.previousOpen = nil
        }
        unmarkDirty()
        pointee.closed.free()
        deinitialize(count: 1)
        deallocate()
        return first
    }

    // MARK: - Bytes

    /// Takes bytes from the peer. Afterwards the shell looks at `notices` and `nextTouched`. A fault means: close the
    /// connection.
    package func receive(_ bytes: UnsafeRawBufferPointer) -> SessionFault? {
        let start = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
        let isLate = pointee.role == .server && hasDataOnEnded(bytes)
        let count = nghttp2_session_mem_recv(pointee.raw, start, bytes.count)
        markDirty()
        if isLate { nghttp2_session_terminate_session(pointee.raw, NGHTTP2_STREAM_CLOSED.rawValue) }
        if count >= 0 { return nil }
        switch Int32(truncatingIfNeeded: count) {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: return .notHTTP2
        case NGHTTP2_ERR_FLOODED.rawValue: return .flooded
        case let code: return .failed(code: code)
        }
    }

    /// Packs frames into `buffer` as long as at least one more surely fits; returns how many bytes. Streams may be
    /// touched.
    package func send(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // A frame with its header; nghttp2 hands out one at a time.
        let largestFrame = 16384 + 9
        var filled = 0
        var frame: UnsafePointer<UInt8>?
        while filled + largestFrame <= buffer.count {
            let count = nghttp2_session_mem_send(pointee.raw, &frame)
            guard count > 0, let frame, filled + count <= buffer.count else { break }
            buffer.baseAddress.unsafelyUnwrapped.advanced(by: filled).copyMemory(from: frame, byteCount: count)
            filled += count
        }
        return filled
    }

    /// Whether the connection has said and heard all it will: close it.
    package var hasFinished: Bool {
        nghttp2_session_want_read(pointee.raw) == 0 && nghttp2_session_want_write(pointee.raw) == 0
    }

    // MARK: - Events

    /// Takes one stream with events off the list. Take its events with `takeEvents`.
    package func nextTouched() -> StreamPointer? {
        guard let stream = pointee.firstTouched else { return nil }
        pointee.firstTouched = stream.pointee.nextTouched
        if pointee.firstTouched == nil { pointee.lastTouched = nil }
        stream.pointee.nextTouched = nil
        stream.pointee.isTouched = false
        return stream
    }

    /// Every stream that is open. `body` must open and close none.
    package func forEachOpenStream(_ body: (StreamPointer) -> Void) {
        var next = pointee.firstOpen
        while let stream = next {
            body(stream)
            next = stream.pointee.nextOpen
        }
    }

    package func takeNotices() -> Session.Notices {
        let notices = pointee.notices
        pointee.notices = Session.Notices(rawValue: 0)
        return notices
    }

    // MARK: - The connection

    /// Asks the peer for a sign of life; `pingAnswered` tells of it.
    package func ping() {
        nghttp2_submit_ping(pointee.raw, 0, nil)
        markDirty()
    }

    /// Ends the session with GOAWAY and this code once what is queued has been sent.
    package func terminate(_ code: UInt32) {
        nghttp2_session_terminate_session(pointee.raw, code)
        markDirty()
    }

    /// Puts the session on its pool's list of those that have something to send.
    package func markDirty() {
        guard !pointee.isDirty else { return }
        pointee.isDirty = true
        pointee.nextDirty = pointee.pool.pointee.firstDirty
        pointee.pool.pointee.firstDirty = self
    }

    private func unmarkDirty() {
        guard pointee.isDirty else { return }
        let pool = pointee.pool
        if pool.pointee.firstDirty == self {
            pool.pointee.firstDirty = pointee.nextDirty
            return
        }
        var previous = pool.pointee.firstDirty
        while let session = previous, session.pointee.nextDirty != self { previous = session.pointee.nextDirty }
        previous?.pointee.nextDirty = pointee.nextDirty
    }

    private func submitSettings() {
        let limits = pointee.pool.pointee.limits
        let first =
            pointee.role == .server
            ? nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: UInt32(limits.streams)
            ) : nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0)
        let entries = [
            first,
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(limits.streamWindow)
            ),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue), value: UInt32(limits.metadataBytes)
            ),
            // RFC 9218, 2.1: saves the priority tree on both sides.
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1),
        ]
        nghttp2_submit_settings(pointee.raw, 0, entries, entries.count)
        nghttp2_session_set_local_window_size(pointee.raw, 0, 0, Int32(limits.connectionWindow))
        markDirty()
    }
}
