import CNghttp2

/// The side of a session that makes requests.
package struct ClientSession {
    package let session: SessionPointer

    package init(pool: UnsafeMutablePointer<SessionPool>, owner: UnsafeMutableRawPointer) {
        session = .make(.client, pool: pool, owner: owner)
    }

    /// Makes a request of the fields that the pool's writer holds, with the body of `source` as it comes. The fields'
    /// bytes must live until the stream is closed. Nil when the session takes no new streams.
    package func request(bodyOf source: StreamPointer) -> StreamPointer? {
        guard takesRequests else { return nil }
        let pool = session.pointee.pool
        let stream = pool.newStream()
        let writer = pool.pointee.writer
        stream.pointee.source = source
        // Replies are never sent twice.
        stream.pointee.body.stopRetaining()
        // An empty request ends with an empty DATA frame, as PROTOCOL-HTTP2 asks for: grpc-go waits for ever where
        // HEADERS bear END_STREAM.
        var provider = SourceReader.provider(for: stream)
        let id = nghttp2_submit_request(session.pointee.raw, nil, writer.base, writer.count, &provider, stream)
        guard id > 0 else {
            stream.pointee.isClosed = true
            pool.recycle(stream)
            return nil
        }
        stream.pointee.hasSentHead = true
        session.enlist(stream, id: id)
        session.markDirty()
        return stream
    }

    /// Says that the connection ends with the streams that are open.
    package func shutDown() {
        nghttp2_submit_goaway(session.pointee.raw, 0, 0, NGHTTP2_NO_ERROR.rawValue, nil, 0)
        session.markDirty()
    }

    /// Whether a new stream may be opened: no GOAWAY came and ids are left.
    package var takesRequests: Bool { nghttp2_session_check_request_allowed(session.pointee.raw) != 0 }

    /// Largest header block that the peer says it takes, as RFC 9113, 6.5.2 counts it, bytes.
    package var maxMetadataBytes: Int {
        Int(nghttp2_session_get_remote_settings(session.pointee.raw, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE))
    }

    /// How many streams the peer allows at once; 100 until it has said so.
    package var maxStreams: Int {
        Int(nghttp2_session_get_remote_settings(session.pointee.raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }
}
