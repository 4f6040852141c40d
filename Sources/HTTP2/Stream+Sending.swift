import CNghttp2

/// What the shell does with a stream, whichever role its session has.
extension StreamPointer {
    package func takeEvents() -> StreamEvents {
        let events = pointee.events
        pointee.events = .none
        return events
    }

    /// Lets up to `limit` bytes of the body, taken or not, be kept for a second try.
    package func retainBody(upTo limit: Int) { pointee.body.retentionLimit = limit }

    /// Gives up the second try, and the memory for it.
    package func stopRetainingBody(in pool: UnsafeMutablePointer<SessionPool>) {
        guard pointee.body.isWhole else { return }
        let before = pointee.body.held
        pointee.body.stopRetaining()
        settleAccount(from: before, to: pointee.body.held, in: pool)
    }

    /// Forgets the body, which was read.
    package func removeBody(in pool: UnsafeMutablePointer<SessionPool>) {
        let before = pointee.body.held
        pointee.body.removeAll()
        settleAccount(from: before, to: 0, in: pool)
    }

    /// Makes the whole body readable again. Only while `body.isWhole`.
    package func rewindBody() { pointee.body.rewind() }

    /// Gives back the credit of everything that has arrived, for a message that is to be held whole.
    package func creditAll() {
        let count = pointee.uncredited
        pointee.uncredited = 0
        guard count > 0, !pointee.hasEnded, !pointee.isClosed, let session = pointee.session else { return }
        nghttp2_session_consume_stream(session.pointee.raw, pointee.id, count)
        session.markDirty()
    }

    /// More of the source is there, or its end: nghttp2 is to ask again.
    package func resume() {
        guard pointee.isDeferred, !pointee.isClosed, let session = pointee.session else { return }
        pointee.isDeferred = false
        nghttp2_session_resume_data(session.pointee.raw, pointee.id)
        session.markDirty()
    }

    /// Ends the stream with an HTTP/2 error code; `closed` comes once it is sent. The first code counts.
    package func reset(_ code: UInt32) {
        guard !pointee.isClosed, !pointee.isReset, let session = pointee.session else { return }
        pointee.isReset = true
        nghttp2_submit_rst_stream(session.pointee.raw, 0, pointee.id, code)
        session.markDirty()
    }

    /// Drops what will arrive, giving all credit back. A stream that sends this body does not end any more but by a
    /// reset or by trailers of our own.
    package func discard() {
        pointee.isDiscarding = true
        creditAll()
        if let session = pointee.session { stopRetainingBody(in: session.pointee.pool) }
    }

    /// Bytes that wait here, those that have arrived already included, are counted for a client too from now on.
    package func enterAccount(_ account: UnsafeMutablePointer<BufferAccount>) {
        assert(pointee.account == nil)
        account.pointee.bytes += pointee.body.held
        pointee.account = account
    }

    /// Bytes that wait here are counted for no client any more.
    package func leaveAccount() {
        guard let account = pointee.account else { return }
        account.pointee.bytes -= pointee.body.held
        pointee.account = nil
    }

    /// The stream that was open beside this one when their session was destroyed.
    package func takeNextOpen() -> StreamPointer? {
        let next = pointee.nextOpen
        pointee.nextOpen = nil
        return next
    }

    /// Copies from the source, gives its peer the credit, and counts.
    fileprivate func take(into target: UnsafeMutableRawPointer, limit: Int, pool: UnsafeMutablePointer<SessionPool>)
        -> Int
    {
        let before = pointee.body.held
        let count = pointee.body.take(into: target, limit: limit)
        settleAccount(from: before, to: pointee.body.held, in: pool)
        let credit = Swift.min(count, pointee.uncredited)
        guard credit > 0 else { return count }
        pointee.uncredited -= credit
        if !pointee.hasEnded, !pointee.isClosed, let session = pointee.session {
            nghttp2_session_consume_stream(session.pointee.raw, pointee.id, credit)
            session.markDirty()
        }
        return count
    }
}

/// What nghttp2 calls when it packs a DATA frame.
enum SourceReader {
    static func provider(for stream: StreamPointer) -> nghttp2_data_provider {
        nghttp2_data_provider(source: nghttp2_data_source(ptr: stream), read_callback: read)
    }

    private static let read: nghttp2_data_source_read_callback = { raw, _, buffer, limit, flags, source, context in
        let stream = source.unsafelyUnwrapped.pointee.ptr.assumingMemoryBound(to: Stream.self)
        let session = context.unsafelyUnwrapped.assumingMemoryBound(to: Session.self)
        let flags = flags.unsafelyUnwrapped
        if let local = stream.pointee.localTrailers {
            end(stream, session, flags) { local.write(to: &$0) }
            return 0
        }
        guard let from = stream.pointee.source else {
            stream.pointee.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        let count = from.take(into: buffer.unsafelyUnwrapped, limit: limit, pool: session.pointee.pool)
        // A discarded body has lost bytes: its end must not be taken for the end of all of it.
        if from.pointee.hasEnded, from.pointee.body.isEmpty, !from.pointee.isDiscarding {
            end(stream, session, flags) { writer in
                if let local = from.pointee.localTrailers { return local.write(to: &writer) }
                switch session.pointee.role {
                case .server: writer.append(from.pointee.trailers, except: FieldTokens())
                case .client: writer.appendRequest(from.pointee.trailers, except: FieldTokens(.switchover))
                }
            }
        } else if count == 0 {
            stream.pointee.isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        }
        return count
    }

    /// The last DATA frame; trailers, if there are any, follow it.
    @inline(__always)
    private static func end(
        _ stream: StreamPointer, _ session: SessionPointer, _ flags: UnsafeMutablePointer<UInt32>,
        trailers: (inout HeaderWriter) -> Void
    ) {
        let pool = session.pointee.pool
        flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
        stream.pointee.hasSentEnd = true
        pool.pointee.writer.removeAll()
        trailers(&pool.pointee.writer)
        if pool.pointee.writer.count > 0 {
            flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
            nghttp2_submit_trailer(
                session.pointee.raw, stream.pointee.id, pool.pointee.writer.base, pool.pointee.writer.count)
        }
    }
}
