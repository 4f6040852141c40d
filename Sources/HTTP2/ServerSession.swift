import CNghttp2

/// The side of a session that takes requests and answers them.
package struct ServerSession {
    package let session: SessionPointer

    package init(pool: UnsafeMutablePointer<SessionPool>, owner: UnsafeMutableRawPointer) {
        session = .make(.server, pool: pool, owner: owner)
    }

    /// Answers `stream` with the head of `reply`, then with its body as it comes, then with its trailers.
    /// `reply` must stay until `stream` is closed.
    ///
    /// - Parameters:
    ///   - codings: what is said in place of the reply's own `grpc-accept-encoding`; nil: it is passed on.
    ///   - leftOut: fields of the head that are not passed on.
    package func respond(
        _ stream: StreamPointer, with reply: StreamPointer, offering codings: StaticString? = nil,
        except leftOut: FieldTokens = FieldTokens()
    ) {
        guard begin(stream) else { return }
        let pool = session.pointee.pool
        pool.pointee.writer.removeAll()
        // Its `switchover-` fields too: a sidecar behind this one says by them what became of the call.
        if let codings, reply.pointee.fields.tokens.contains(.grpcAcceptEncoding) {
            pool.pointee.writer.append(reply.pointee.fields, except: leftOut.with(.grpcAcceptEncoding))
            pool.pointee.writer.append(name: "grpc-accept-encoding", value: codings)
        } else {
            pool.pointee.writer.append(reply.pointee.fields, except: leftOut)
        }
        if reply.pointee.hasEnded, reply.pointee.body.isEmpty, reply.pointee.trailers.isEmpty {
            finish(stream)
        } else {
            stream.pointee.source = reply
            var provider = SourceReader.provider(for: stream)
            submit(stream, &provider)
        }
    }

    /// Answers `stream` with one block of our own fields, `:status` first, and nothing else.
    package func respond(_ stream: StreamPointer, with fields: LocalFields) {
        guard begin(stream) else { return }
        stream.pointee.localTrailers = fields
        let pool = session.pointee.pool
        pool.pointee.writer.removeAll()
        fields.write(to: &pool.pointee.writer)
        finish(stream)
    }

    /// Answers `stream` with our own head and the body of `source` as it comes, until `end`.
    package func respond(_ stream: StreamPointer, head: LocalFields, bodyOf source: StreamPointer) {
        guard begin(stream) else { return }
        stream.pointee.localHead = head
        let pool = session.pointee.pool
        pool.pointee.writer.removeAll()
        head.write(to: &pool.pointee.writer)
        stream.pointee.source = source
        var provider = SourceReader.provider(for: stream)
        submit(stream, &provider)
    }

    /// Ends an answer that has begun with trailers of our own; what the source still has is dropped.
    package func end(_ stream: StreamPointer, with trailers: LocalFields) {
        guard !stream.pointee.isClosed, stream.pointee.hasSentHead, !stream.pointee.hasSentEnd else { return }
        // Its length has been promised: strict clients fail the connection over an answer that is shorter.
        if let source = stream.pointee.source, source.pointee.fields.tokens.contains(.contentLength) {
            return stream.reset(NGHTTP2_INTERNAL_ERROR.rawValue)
        }
        stream.pointee.localTrailers = trailers
        stream.resume()
    }

    /// Tells the client to open no new streams here (RFC 9113, 6.8), without closing anything yet.
    package func announceShutdown() {
        nghttp2_submit_shutdown_notice(session.pointee.raw)
        session.markDirty()
    }

    /// GOAWAY with the last stream that was taken: later ones are refused, those in flight end.
    package func shutDown() {
        let last = nghttp2_session_get_last_proc_stream_id(session.pointee.raw)
        session.pointee.lastTaken = last
        nghttp2_submit_goaway(session.pointee.raw, 0, last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
        session.markDirty()
    }

    private func begin(_ stream: StreamPointer) -> Bool {
        guard !stream.pointee.isClosed, !stream.pointee.hasSentHead else { return false }
        stream.pointee.hasSentHead = true
        session.markDirty()
        return true
    }

    private func submit(_ stream: StreamPointer, _ provider: UnsafePointer<nghttp2_data_provider>) {
        let writer = session.pointee.pool.pointee.writer
        nghttp2_submit_response(session.pointee.raw, stream.pointee.id, writer.base, writer.count, provider)
    }

    /// Headers that are the whole answer.
    private func finish(_ stream: StreamPointer) {
        let writer = session.pointee.pool.pointee.writer
        stream.pointee.hasSentEnd = true
        nghttp2_submit_response(session.pointee.raw, stream.pointee.id, writer.base, writer.count, nil)
    }
}
