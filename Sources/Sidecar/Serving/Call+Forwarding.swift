import EventLoop
import HTTP2
import Migration
import WireFormat

/// Runs the `SingleQuery` of a call that is handed on to one side at a time: its request out, and the reply that counts
/// back to the client.
extension CallPointer {
    func perform(_ action: SingleQuery.Action) {
        switch action {
        case .ask(let side): ask(side)
        case .answer(let side): answer(with: side == pointee.side ? pointee.leg.stream : pointee.held)
        case .answerUnmigrated:
            count(.unmigratedReads)
            answer(with: pointee.leg.stream)
        case .fail(let side, .unreachable): refuse(.sideUnreachable(side, reasonUnreachable(side)))
        case .fail(let side, .failed(let status)):
            refuse(.sideFailed(side, SideWords(status, pointee.leg.stream.map(Reply.words) ?? "")))
        case .ignore: break
        }
    }

    private func reasonUnreachable(_ side: Side) -> String {
        let upstream = pointee.worker.upstream(of: pointee.route, side)
        return upstream.pointee.schedule.failures > 0 ? upstream.pointee.reason : "the connection was lost"
    }

    private func ask(_ side: Side) {
        if let first = pointee.leg.stream {
            guard pointee.client.pointee.body.isWhole else {
                return refuse(.messageTooLarge(limit: pointee.worker.pointee.limits.messageBytes))
            }
            pointee.held = first
            pointee.leg.stream = nil
            pointee.client.rewindBody()
            count(.absentFallbacks)
        }
        pointee.side = side
        pointee.phase = .asking
        if let connection = pointee.connection {
            assert(pointee.heldMessage == 0, "an operation's call is not handed on")
            pointee.client.leaveAccount()
            pointee.client.enterAccount(connection.account(ofUpstream: pointee.route.pointee.upstream(side)))
        }
        pointee.askedAt = pointee.worker.pointee.loop.pointee.now
        pointee.worker.upstream(of: pointee.route, side).take(legPointer)
    }

    /// There is no connection to the side, and will not be soon.
    func sideUnreachable() {
        legFinished(.unavailable)
        perform(pointee.machine.replied(.unreachable))
    }

    /// Too many calls wait for a connection to the side.
    func queueFull() { refuse(.queueFull(pointee.side)) }

    var legPointer: LegPointer { withUnsafeMutablePointer(to: &pointee.leg) { $0 } }

    /// Opens the leg on a connection that has room.
    func send(on connection: UpstreamConnectionPointer) {
        let worker = pointee.worker
        if pointee.client.pointee.fields.bytes > connection.pointee.maxMetadataBytes {
            return refuse(.metadataTooLargeForSide(pointee.side, limit: connection.pointee.maxMetadataBytes))
        }
        writeRequest(&worker.pointee.sessions.pointee.writer)
        guard let leg = connection.client.request(bodyOf: pointee.client) else {
            connection.leave()
            return worker.upstream(of: pointee.route, pointee.side).take(legPointer)
        }
        leg.pointee.owner = UnsafeMutableRawPointer(legPointer)
        if let account = pointee.client.pointee.account { leg.enterAccount(account) }
        pointee.leg.stream = leg
        pointee.leg.connection = connection
    }

    private func writeRequest(_ writer: inout HeaderWriter) {
        let head = RequestHeadWriter(
            fields: pointee.client.pointee.fields, deadline: pointee.deadline, arrivedAt: pointee.arrivedAt,
            epoch: pointee.epoch, stage: pointee.stage)
        head.write(&writer, now: pointee.worker.pointee.loop.pointee.now, scratch: pointee.scratch)
    }
}

// MARK: - From the sides

extension CallPointer {
    /// The leg has news.
    func legProgressed(_ leg: StreamPointer, _ events: StreamEvents) {
        if events.contains(.closed) { legClosed(leg) }
        guard pointee.phase == .asking || pointee.phase == .answering else { return finishIfClosed() }
        if events.contains(.oversized) {
            return refuse(
                .replyMetadataTooLarge(pointee.side, limit: pointee.worker.pointee.limits.metadataBytes))
        }
        if pointee.phase == .answering {
            pointee.client.resume()
            if leg.pointee.isClosed, !leg.pointee.hasEnded { return replyBroken(leg) }
            if leg.pointee.hasEnded { pointee.status = Reply.status(of: leg) }
            if holdsTooMuch { return refuse(.buffersFull) }
        } else if pointee.machine.holdsReply {
            hold(leg)
        } else if leg.pointee.isHeadComplete {
            answer(with: leg)
        } else if leg.pointee.isClosed {
            replyBroken(leg)
        }
        finishIfClosed()
    }

    /// A reply that may turn out not to be the answer waits until it is complete and its stream closed.
    private func hold(_ leg: StreamPointer) {
        guard leg.pointee.isClosed else {
            leg.creditAll()
            if holdsTooMuch { return refuse(.buffersFull) }
            // An answer before the request's end; its stream is to be closed before another side is asked.
            if leg.pointee.hasEnded {
                let outcome = outcome(of: leg)
                if outcome != .absent { return perform(pointee.machine.replied(outcome)) }
                pointee.leg.connection?.reset(legPointer, leg)
            }
            // Larger than any message that says *absent*: it is the answer.
            if leg.pointee.body.count > pointee.worker.pointee.limits.messageBytes { answer(with: leg) }
            return
        }
        if leg.pointee.hasEnded { return perform(pointee.machine.replied(outcome(of: leg))) }
        if retry(leg) { return }
        let outcome: SingleQuery.Outcome =
            leg.pointee.session == nil ? .unreachable : .failed(GRPCStatus(http2ErrorCode: leg.pointee.errorCode))
        perform(pointee.machine.replied(outcome))
    }

    private func outcome(of leg: StreamPointer) -> SingleQuery.Outcome {
        let status = Reply.status(of: leg)
        // A proxy's word for it is no absence.
        if status != .ok, !Reply.isGRPC(leg) { return .failed(status) }
        return pointee.route.pointee.planPointer.map { $0.pointee.outcome(of: status) } ?? .failed(status)
    }

    /// A reply that ended without its end: tried again where the side has provably not seen the call, else passed on.
    private func replyBroken(_ leg: StreamPointer) {
        if retry(leg) { return }
        // A refused stream was provably not looked at.
        let isRefused =
            leg.pointee.session != nil && leg.pointee.errorCode == HTTP2Code.refusedStream
            && !leg.pointee.isHeadComplete
        if isRefused { writeOver() } else { writeLost() }
        if leg.pointee.session == nil {
            let words = "the connection was lost"
            return refuse(mayWrite ? unknown(.unavailable, words) : .sideUnreachable(pointee.side, words))
        }
        // At `old` the sidecar is transparent.
        guard mayWrite, pointee.stage != .old, !isRefused else { return forwardReset(leg) }
        refuse(unknown(GRPCStatus(http2ErrorCode: leg.pointee.errorCode), "the stream was reset"))
    }

    private var mayWrite: Bool { pointee.route.pointee.planPointer?.pointee.mayWrite == true }

    /// The side has the write, and has not said what became of it.
    private func unknown(_ status: GRPCStatus, _ words: String) -> Refusal {
        .outcomeUnknown(pointee.side, status, words: words)
    }

    /// A proxy before the side has answered in its place, and may have sent the write on all the same.
    private func isProxysWord(_ leg: StreamPointer) -> Bool {
        guard mayWrite, pointee.stage != .old, !Reply.isHTTPSuccess(leg) else { return false }
        let outcome = WriteOutcome(Reply.status(of: leg), absent: .notFound, isGRPC: false)
        if case .unknown = outcome { return true }
        return false
    }

    /// Refused streams, and those above GOAWAY's last id, were not processed (RFC 9113, 8.7).
    private func retry(_ leg: StreamPointer) -> Bool {
        guard leg.pointee.errorCode == HTTP2Code.refusedStream, leg.pointee.session != nil, !leg.pointee.isHeadComplete,
            !pointee.hasRetried, pointee.client.pointee.body.isWhole
        else { return false }
        pointee.hasRetried = true
        pointee.worker.pointee.counters.add(.retries)
        pointee.leg.stream = nil
        pointee.worker.pointee.sessions.recycle(leg)
        pointee.client.rewindBody()
        pointee.worker.upstream(of: pointee.route, pointee.side).take(legPointer)
        return true
    }

    /// The reply of `leg` is the answer, complete or as it comes.
    func answer(with leg: StreamPointer?) {
        guard let leg, let connection = pointee.connection else { return }
        guard leg.pointee.isHeadComplete else { return forwardReset(leg) }
        if isProxysWord(leg) {
            writeLost()
            return refuse(unknown(Reply.status(of: leg), "a page that is no gRPC"))
        }
        pointee.phase = .answering
        pointee.hasAnswered = true
        if leg.pointee.hasEnded { pointee.status = Reply.status(of: leg) }
        // A side may send its head before it writes: until it has ended, a change asks the message for its records.
        if !pointee.write.keepsMessage || leg.pointee.hasEnded {
            pointee.client.stopRetainingBody(in: pointee.worker.pointee.sessions)
        }
        connection.pointee.server.respond(pointee.client, with: leg, offering: offeredCodings)
        if leg.pointee.isClosed, !leg.pointee.hasEnded { forwardReset(leg) }
    }

    /// Where the sidecar must read requests, the client is offered only codings that it can read.
    private var offeredCodings: StaticString? {
        guard let stage = pointee.stage, stage != .old, let plan = pointee.route.pointee.planPointer,
            plan.pointee.kind != .passThrough
        else { return nil }
        return MessageCoder.codings
    }

    private func forwardReset(_ leg: StreamPointer) {
        writeGivenUp()
        pointee.status = GRPCStatus(http2ErrorCode: leg.pointee.errorCode)
        pointee.client.reset(leg.pointee.errorCode)
        end()
    }

    private func legClosed(_ leg: StreamPointer) {
        guard let connection = pointee.leg.connection, leg == pointee.leg.stream else { return }
        connection.legClosed(legPointer)
        pointee.leg.connection = nil
        if leg.pointee.hasEnded { writeAnswered(leg) }
        // What is still to go to the client has been read.
        if pointee.phase == .answering { queryOver() }
        if leg.pointee.hasEnded { return legFinished(Reply.status(of: leg)) }
        guard leg.pointee.session != nil else { return legFinished(.unavailable) }
        // Reset by the sidecar: the side was too slow, or nobody waited for it any more.
        if pointee.phase == .over {
            if pointee.status == .deadlineExceeded { return legFinished(.deadlineExceeded) }
            countCancelledAsk(of: pointee.side)
            return legFinished(.cancelled)
        }
        legFinished(GRPCStatus(http2ErrorCode: leg.pointee.errorCode))
    }

    private func legFinished(_ status: GRPCStatus) {
        let worker = pointee.worker
        sideAnswered(askedAt: pointee.askedAt)
        worker.pointee.counters.legFinished(
            method: pointee.route.pointee.counterIndex, side: pointee.side.rawValue, status: status.rawValue,
            nanoseconds: worker.pointee.loop.pointee.now &- pointee.askedAt
        )
    }
}
