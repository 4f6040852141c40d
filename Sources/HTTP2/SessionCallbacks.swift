import CNghttp2

/// nghttp2's callbacks: they write down what was heard and decide nothing.
enum SessionCallbacks {
    static func make(_ role: Session.Role) -> OpaquePointer {
        var made: OpaquePointer?
        nghttp2_session_callbacks_new(&made)
        let callbacks = made.unsafelyUnwrapped
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeaders)
        nghttp2_session_callbacks_set_on_header_callback2(callbacks, role == .server ? requestHeader : header)
        nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, invalidHeader)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, dataChunk)
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameReceived)
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosed)
        if role == .server {
            nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, beginFrame)
            nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSent)
        }
        return callbacks
    }

    private static let beginHeaders: nghttp2_on_begin_headers_callback = { raw, frame, context in
        let frame = frame.unsafelyUnwrapped
        guard frame.pointee.hd.type == NGHTTP2_HEADERS.rawValue,
            frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
        else { return 0 }
        let id = frame.pointee.hd.stream_id
        guard id <= session(context).pointee.lastTaken else {
            nghttp2_submit_rst_stream(raw, 0, id, NGHTTP2_REFUSED_STREAM.rawValue)
            return 0
        }
        session(context).open(session(context).pointee.pool.newStream(), id: id)
        return 0
    }

    /// Before nghttp2 looks at a client's frame: it lets those pass that the peer may not send.
    private static let beginFrame: nghttp2_on_begin_frame_callback = { raw, header, context in
        let header = header.unsafelyUnwrapped.pointee
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            let session = session(context)
            if session.isClosed(header.stream_id), session.isConnectionOver(afterFrameOn: header.stream_id) {
                nghttp2_session_terminate_session(raw, NGHTTP2_STREAM_CLOSED.rawValue)
            }
        case NGHTTP2_PRIORITY.rawValue:
            // RFC 9113, 6.3. Otherwise ignored: we have said that we use none (RFC 9218, 2.1).
            if header.stream_id == 0 { nghttp2_session_terminate_session(raw, NGHTTP2_PROTOCOL_ERROR.rawValue) }
            session(context).countIdleFrame()
        default: break
        }
        return 0
    }

    private static let requestHeader: nghttp2_on_header_callback2 = { raw, frame, name, value, flags, context in
        let id = frame.unsafelyUnwrapped.pointee.hd.stream_id
        guard let stream = session(context).stream(id), let name, let value else { return 0 }
        let neverIndex = UInt32(flags) & NGHTTP2_NV_FLAG_NO_INDEX.rawValue != 0
        let field = Field(name: name, value: value, neverIndex: neverIndex)
        guard stream.pointee.rules.accepts(field, isTrailer: stream.pointee.isHeadComplete) else {
            nghttp2_submit_rst_stream(raw, 0, id, NGHTTP2_PROTOCOL_ERROR.rawValue)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        stream.add(field, session(context).pointee.pool)
        return 0
    }

    private static let header: nghttp2_on_header_callback2 = { _, frame, name, value, flags, context in
        let id = frame.unsafelyUnwrapped.pointee.hd.stream_id
        guard let stream = session(context).stream(id), let name, let value else { return 0 }
        let neverIndex = UInt32(flags) & NGHTTP2_NV_FLAG_NO_INDEX.rawValue != 0
        stream.add(Field(name: name, value: value, neverIndex: neverIndex), session(context).pointee.pool)
        return 0
    }

    /// A field that breaks RFC 9113, 8.2: the stream is reset. (nghttp2 itself would drop the field and go on.)
    private static let invalidHeader: nghttp2_on_invalid_header_callback2 = { _, _, _, _, _, _ in
        NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }

    private static let dataChunk: nghttp2_on_data_chunk_recv_callback = { raw, _, id, bytes, count, context in
        guard let stream = session(context).stream(id) else {
            nghttp2_session_consume(raw, id, count)
            return 0
        }
        if session(context).pointee.role == .server, !stream.pointee.rules.accepts(bytes: count) {
            nghttp2_session_consume_connection(raw, count)
            return session(context).resetBroken(id)
        }
        if stream.pointee.isDiscarding {
            nghttp2_session_consume(raw, id, count)
            return 0
        }
        nghttp2_session_consume_connection(raw, count)
        stream.receive(bytes.unsafelyUnwrapped, count: count)
        return 0
    }

    private static let frameReceived: nghttp2_on_frame_recv_callback = { raw, frame, context in
        let session = session(context)
        let header = frame.unsafelyUnwrapped.pointee.hd
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let stream = session.stream(header.stream_id) else { return 0 }
            let isLast = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            if session.pointee.role == .server, !stream.acceptsHeaders(isLast: isLast) {
                return session.resetBroken(header.stream_id)
            }
            stream.headersReceived(isLast: isLast)
        case NGHTTP2_DATA.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
                guard let stream = session.stream(header.stream_id) else { return 0 }
                if session.pointee.role == .server, !stream.pointee.rules.acceptsEnd() {
                    return session.resetBroken(header.stream_id)
                }
                stream.endReceived()
            } else if header.length == 0 {
                session.countIdleFrame()
            }
        case NGHTTP2_RST_STREAM.rawValue: session.countReset()
        case NGHTTP2_GOAWAY.rawValue:
            session.pointee.notices.insert(.goAway)
            session.pointee.goAwayCode = frame.unsafelyUnwrapped.pointee.goaway.error_code
        case NGHTTP2_PING.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
                session.pointee.notices.insert(.pingAnswered)
            } else {
                session.countIdleFrame()
            }
        case NGHTTP2_SETTINGS.rawValue:
            if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 {
                session.pointee.notices.insert(.settings)
                session.countIdleFrame()
            }
        default: break
        }
        return 0
    }

    private static let streamClosed: nghttp2_on_stream_close_callback = { _, id, code, context in
        let session = session(context)
        guard let stream = session.stream(id) else { return 0 }
        session.close(stream, code: code)
        return 0
    }

    /// The last frame of an answer has been packed: a request that is still coming in is told to stop (RFC 9113,
    /// 8.1). Not before, since nghttp2 drops what waits on a stream whose reset is queued.
    private static let frameSent: nghttp2_on_frame_send_callback = { raw, frame, context in
        let header = frame.unsafelyUnwrapped.pointee.hd
        if header.type == NGHTTP2_RST_STREAM.rawValue {
            if let stream = session(context).stream(header.stream_id) {
                stream.pointee.isReset = true
            } else {
                session(context).pointee.closed.note(header.stream_id, .resetByUs)
            }
            return 0
        }
        guard header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
            header.type == NGHTTP2_DATA.rawValue || header.type == NGHTTP2_HEADERS.rawValue,
            let stream = session(context).stream(header.stream_id), !stream.pointee.hasEnded
        else { return 0 }
        nghttp2_submit_rst_stream(raw, 0, header.stream_id, NGHTTP2_NO_ERROR.rawValue)
        return 0
    }

    @inline(__always)
    private static func session(_ context: UnsafeMutableRawPointer?) -> SessionPointer {
        context.unsafelyUnwrapped.assumingMemoryBound(to: Session.self)
    }
}

extension SessionPointer {
    /// The stream of an id; nil when it is closed or was never ours.
    fileprivate func stream(_ id: Int32) -> StreamPointer? {
        if pointee.recentID == id { return pointee.recent }
        guard let data = nghttp2_session_get_stream_user_data(pointee.raw, id) else { return nil }
        let stream = data.assumingMemoryBound(to: Stream.self)
        pointee.recent = stream
        pointee.recentID = id
        return stream
    }

    fileprivate func open(_ stream: StreamPointer, id: Int32) {
        nghttp2_session_set_stream_user_data(pointee.raw, id, stream)
        enlist(stream, id: id)
        pointee.lastOpened = id
        pointee.recent = stream
        pointee.recentID = id
    }

    func enlist(_ stream: StreamPointer, id: Int32) {
        stream.pointee.id = id
        stream.pointee.session = self
        stream.pointee.nextOpen = pointee.firstOpen
        stream.pointee.previousOpen = nil
        pointee.firstOpen?.pointee.previousOpen = stream
        pointee.firstOpen = stream
        pointee.openStreams += 1
    }

    fileprivate func close(_ stream: StreamPointer, code: UInt32) {
        if pointee.recent == stream {
            pointee.recent = nil
            pointee.recentID = -1
        }
        let next = stream.pointee.nextOpen
        next?.pointee.previousOpen = stream.pointee.previousOpen
        if let previous = stream.pointee.previousOpen {
            previous.pointee.nextOpen = next
        } else {
            pointee.firstOpen = next
        }
        stream.pointee.nextOpen = nil
        stream.pointee.previousOpen = nil
        stream.pointee.isClosed = true
        stream.pointee.errorCode = code
        if pointee.role == .server {
            let hasEnded = stream.pointee.hasEnded && stream.pointee.hasSentEnd && code == 0
            pointee.closed.note(
                stream.pointee.id, stream.pointee.isReset ? .resetByUs : hasEnded ? .ended : .resetByPeer)
        }
        pointee.openStreams -= 1
        touch(stream, .closed)
    }

    func touch(_ stream: StreamPointer, _ events: StreamEvents) {
        stream.pointee.events.formUnion(events)
        guard !stream.pointee.isTouched else { return }
        stream.pointee.isTouched = true
        if let last = pointee.lastTouched { last.pointee.nextTouched = stream } else { pointee.firstTouched = stream }
        pointee.lastTouched = stream
    }

    /// Whether the client opened this stream and it is closed.
    fileprivate func isClosed(_ id: Int32) -> Bool { id > 0 && id <= pointee.lastOpened && stream(id) == nil }

    /// Whether a frame on a closed stream ends the connection (RFC 9113, 5.1); on a stream that the client has reset it
    /// is answered with a reset. A stream that is not remembered any more may have been reset by us: its client is not
    /// cut off.
    fileprivate func isConnectionOver(afterFrameOn id: Int32) -> Bool {
        switch pointee.closed.manner(of: id) {
        case .resetByUs: return false
        case .ended: return true
        case .resetByPeer, nil:
            nghttp2_submit_rst_stream(pointee.raw, 0, id, NGHTTP2_STREAM_CLOSED.rawValue)
            countIdleFrame()
            return false
        }
    }

    /// Whether there is DATA among what a client has sent on a stream that had ended before. Streams do not open again,
    /// so that they need not be looked at in step with nghttp2.
    func hasDataOnEnded(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var isLate = false
        var position = 0
        while let header = pointee.walk.next(in: bytes, at: &position) {
            guard header.kind == NGHTTP2_DATA.rawValue, isClosed(header.stream) else { continue }
            if isConnectionOver(afterFrameOn: header.stream) { isLate = true }
        }
        return isLate
    }

    /// Resets the stream of a malformed request (RFC 9113, 8.1.1).
    fileprivate func resetBroken(_ id: Int32) -> Int32 {
        nghttp2_submit_rst_stream(pointee.raw, 0, id, NGHTTP2_PROTOCOL_ERROR.rawValue)
        return 0
    }

    fileprivate func countReset() {
        pointee.resetsReceived += 1
        if !pointee.resets.take(at: pointee.pool.pointee.now) { calmDown() }
    }

    fileprivate func countIdleFrame() {
        if !pointee.idleFrames.take(at: pointee.pool.pointee.now) { calmDown() }
    }

    /// Servers alone defend themselves so: an upstream is trusted to ping.
    private func calmDown() {
        guard pointee.role == .server, !pointee.notices.contains(.flood) else { return }
        pointee.notices.insert(.flood)
        nghttp2_session_terminate_session(pointee.raw, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
    }
}

extension StreamPointer {
    fileprivate func add(_ field: Field, _ pool: UnsafeMutablePointer<SessionPool>) {
        if pointee.isHeadComplete {
            if pool.fits(field, in: pointee.trailers) { pointee.trailers.append(field) } else { isOversized() }
        } else {
            if pool.fits(field, in: pointee.fields) { pointee.fields.append(field) } else { isOversized() }
        }
    }

    /// The head must be whole, and a second block is the last (RFC 9113, 8.1).
    fileprivate func acceptsHeaders(isLast: Bool) -> Bool {
        guard pointee.isHeadComplete ? isLast : pointee.rules.acceptsHead() else { return false }
        return isLast ? pointee.rules.acceptsEnd() : true
    }

    private func isOversized() { pointee.events.insert(.oversized) }

    /// A block is an informational response (RFC 9110, 15.2), the head, or the trailers.
    fileprivate func headersReceived(isLast: Bool) {
        guard let session = pointee.session else { return }
        if !pointee.isHeadComplete {
            if !isLast, let status = pointee.fields.first(.status), status.valueBytes.first == UInt8(ascii: "1") {
                pointee.fields.removeAll()
                return
            }
            pointee.isHeadComplete = true
            session.touch(self, .head)
        }
        if isLast { endReceived() }
    }

    fileprivate func endReceived() {
        pointee.hasEnded = true
        pointee.session?.touch(self, .end)
    }

    fileprivate func receive(_ bytes: UnsafePointer<UInt8>, count: Int) {
        guard let session = pointee.session else { return }
        let before = pointee.body.held
        pointee.body.append(bytes, count: count)
        pointee.uncredited += count
        settleAccount(from: before, to: pointee.body.held, in: session.pointee.pool)
        session.touch(self, .data)
    }
}

extension UnsafeMutablePointer<SessionPool> {
    fileprivate func fits(_ field: Field, in list: FieldList) -> Bool {
        list.bytes + field.size <= pointee.limits.metadataBytes
            && list.items + field.items <= pointee.limits.metadataFields
    }
}
