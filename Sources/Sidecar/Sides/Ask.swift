import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// A request that is made of one side, for a client's call or on the sidecar's own behalf: a whole message out, a whole
/// reply in.
///
///     made --start--> asking --reply complete, lost, too late, no connection--> ended --stream closed--> closed
///
/// Whoever asks is told once, when the ask has ended, and must keep the ask until it is closed, for the stream may
/// outlive its use.
final class Ask {
    enum Result {
        /// The side has answered with this status; `reply` holds the rest.
        case replied(GRPCStatus)
        /// The same, by a store: its transaction was committed or rolled back, and `writeOutcome` knows which.
        case decided(GRPCStatus)
        /// The side has not seen the request.
        case unreachable(String)
        /// It was sent, and no answer came or will be waited for.
        case lost(GRPCStatus)
    }

    /// What is asked.
    struct Request {
        let side: Side
        /// Nil: the method that the client called, or that its own fields name.
        let path: UnsafeBufferPointer<UInt8>?
        let message: [UInt8]
        /// Monotonic nanoseconds; 0 where there is none.
        let deadline: UInt64
        /// Until when the answer is waited for, if that is before the deadline: it can be done without. 0 otherwise.
        var waitsUntil: UInt64 = 0
        /// What a store is asked to do in place of a call.
        var operation: StoreOperation?
        /// The store that is given the record next, and must be able to hold it.
        var follower: (any Store)?
        /// Whether a reply that is too large to be kept is heard to its end: what became of a write matters more than
        /// what is said of it.
        var awaitsStatus = false
    }

    /// What a side answered, as the client is to be given it.
    enum Answer {
        /// Of a call; the taker's to recycle.
        case stream(StreamPointer)
        case store(Side, StoreReply)
    }

    let request: Request
    private let origin: AskOrigin
    private let backend: Backend
    private let worker: WorkerPointer
    private let leg: LegPointer
    private let timer: UnsafeMutablePointer<Timer>
    private let scratch: UnsafeMutablePointer<UInt8>
    private let source: StreamPointer
    private let ended: (Ask, Result) -> Void
    private var askedAt: UInt64 = 0
    private var hasEnded = false
    private var hasRetried = false
    private var isInStore = false
    private var cancellation: StoreCancellation?
    private(set) var storeReply: StoreReply?
    /// Bytes of a store's reply that are counted for the worker.
    private var heldReply = 0
    private var reasonUnreachable = ""
    /// Why nothing was sent, where that says nothing of the side.
    private(set) var refusal: Refusal?
    /// How it ended; OK until then.
    private(set) var status = GRPCStatus.ok
    /// A reply that was complete before its stream could be closed, until it is taken.
    private var earlyReply: StreamPointer?
    private var hadEarlyReply = false
    /// The reply was too large to be kept; its status is known.
    private(set) var hasLostReply = false
    /// Known once `replyMessage` was read.
    private(set) var isReplyCompressed = false

    /// - Parameter ended: called once, on the loop.
    init(_ request: Request, for origin: AskOrigin, ended: @escaping (Ask, Result) -> Void) {
        self.request = request
        self.origin = origin
        self.ended = ended
        worker = origin.worker
        backend = worker.backend(request.side, of: origin.migration)
        leg = .allocate(capacity: 1)
        timer = .allocate(capacity: 1)
        scratch = .allocate(capacity: RequestHeadWriter.scratchBytes)
        source = worker.pointee.sessions.makeSource(isKept: true)
        let context = Unmanaged.passUnretained(self).toOpaque()
        leg.initialize(to: Leg(ofAsk: context))
        timer.initialize(to: Timer(context: context) { Unmanaged<Ask>.fromOpaque($0).takeUnretainedValue().timedOut() })
    }

    deinit {
        precondition(isClosed, "an ask lives until its stream is closed")
        let pool = worker.pointee.sessions
        pool.count(-heldReply)
        worker.pointee.storeReplies -= heldReply
        for stream in [leg.pointee.stream, earlyReply] { if let stream { pool.recycle(stream) } }
        pool.recycle(source)
        leg.deallocate()
        timer.deallocate()
        scratch.deallocate()
    }

    private var upstream: UpstreamPoolPointer {
        guard case .service(let upstream) = backend else { preconditionFailure("a store has no connections") }
        return upstream
    }

    private var now: UInt64 { worker.pointee.loop.pointee.now }

    /// Nothing of it is in anybody's hands any more.
    var isClosed: Bool { leg.pointee.connection == nil && !leg.pointee.isQueued && !isInStore }

    private var reply: StreamPointer? { hadEarlyReply ? earlyReply : leg.pointee.stream }

    /// The message of the reply, without its prefix and inflated; nil where the reply has not exactly one that can be
    /// read.
    var replyMessage: [UInt8]? {
        if let storeReply { return storeReply.status == .ok ? storeReply.message : nil }
        guard !hasLostReply, let body = reply?.pointee.body.bytes,
            case .prefix(let prefix) = GRPCPrefix.parse(body),
            body.count == GRPCPrefix.byteCount + Int(prefix.length)
        else { return nil }
        let message = UnsafeRawBufferPointer(rebasing: body[GRPCPrefix.byteCount...])
        if !prefix.isCompressed { return Array(message) }
        isReplyCompressed = true
        return try? worker.pointee.coder.inflate(message, limit: worker.pointee.limits.messageBytes)
    }

    /// What the side has said, or what is known of it, for a person; empty where nothing is. Read it before the reply
    /// is taken.
    var words: String {
        if let storeReply { return storeReply.detail }
        if !reasonUnreachable.isEmpty { return reasonUnreachable }
        guard let stream = reply else { return "" }
        if stream.pointee.hasEnded { return Reply.words(of: stream) }
        return stream.pointee.isClosed && stream.pointee.session == nil ? "the connection was lost" : ""
    }

    /// The same with the status.
    var sideWords: SideWords { SideWords(status, words) }

    /// What the result says of a write.
    func writeOutcome(_ result: Result, absent: GRPCStatus) -> WriteOutcome {
        switch result {
        case .replied(let status):
            guard let stream = reply else { return WriteOutcome(status, absent: absent) }
            return WriteOutcome(
                status, absent: absent, isGRPC: Reply.isGRPC(stream), word: Reply.sidecarError(of: stream))
        case .decided(let status):
            let isUnknown = storeReply?.isOutcomeUnknown ?? false
            return WriteOutcome(store: status, absent: absent, isOutcomeUnknown: isUnknown)
        case .unreachable: return .unreachable
        case .lost(let status): return .unknown(status)
        }
    }

    /// The reply as the side sent it, whole; nil if there is none (any more), or none that came to its end.
    func takeReply() -> Answer? {
        if let storeReply { return .store(request.side, storeReply) }
        if let early = earlyReply, !hasLostReply {
            earlyReply = nil
            return .stream(early)
        }
        // A stream that is still open belongs to this ask: nobody else would hear of its end.
        guard !hasLostReply, !hadEarlyReply, leg.pointee.connection == nil, let stream = leg.pointee.stream,
            stream.pointee.hasEnded
        else { return nil }
        stream.pointee.owner = nil
        leg.pointee.stream = nil
        return .stream(stream)
    }

    /// The deadline that the side is told of.
    private var deadline: UInt64 { request.waitsUntil == 0 ? request.deadline : request.waitsUntil }

    /// The answer is not waited for beyond this time.
    func hurry(until time: UInt64) {
        guard !hasEnded, deadline == 0 || time < deadline else { return }
        worker.pointee.loop.arm(timer, at: time)
    }

    func start() {
        askedAt = now
        if request.waitsUntil != 0 { worker.pointee.loop.arm(timer, at: request.waitsUntil) }
        if case .store(let store) = backend { return perform(on: store) }
        let pool = worker.pointee.sessions
        source.enterAccount(withUnsafeMutablePointer(to: &upstream.pointee.asks) { $0 })
        pool.append(message: request.message, isCompressed: false, to: source)
        pool.finish(source)
        if deadline != 0 { worker.pointee.loop.arm(timer, at: deadline) }
        upstream.take(leg)
    }

    /// The store keeps the deadline itself, and knows whether a write that it gave up has changed anything.
    private func perform(on store: any Store) {
        guard let operation = request.operation else { preconditionFailure("a store is asked by an operation") }
        isInStore = true
        let cancellation = StoreCancellation()
        self.cancellation = cancellation
        let mailbox = worker.pointee.loop.pointee.mailbox
        let ask = LoopBound(self, to: worker.pointee.loop)
        let deadline = deadline == 0 ? UInt64.max : deadline
        store.perform(
            StoreRequest(
                operation, message: request.message, deadline: deadline, cancellation: cancellation,
                follower: request.follower)
        ) { reply in mailbox.post { ask.value.replied(reply) } }
    }

    private func replied(_ reply: StoreReply) {
        isInStore = false
        if reply.isUnreachable, !hasEnded { return end(.unreachable(reply.detail)) }
        if !hasEnded, request.operation?.isWrite == false, !keeps(reply) {
            refusal = .buffersFull
            return end(.lost(.resourceExhausted))
        }
        storeReply = reply
        if hasEnded { return origin.askClosed() }
        end(.decided(reply.status))
    }

    /// Counts what a store has read. False where such replies take more than their share of what the worker holds.
    private func keeps(_ reply: StoreReply) -> Bool {
        let (bytes, limit) = (reply.message.count, worker.pointee.limits.workerBuffer)
        if bytes > 1 << 18, worker.pointee.sessions.pointee.buffered.bytes > limit,
            worker.pointee.storeReplies > limit / 4
        {
            return false
        }
        heldReply = bytes
        worker.pointee.sessions.count(bytes)
        worker.pointee.storeReplies += bytes
        return true
    }

    /// It waits for room on a connection: nothing was sent.
    var isWaiting: Bool { leg.pointee.isQueued }

    /// Nobody wants an answer any more: whoever asked hears `lost` if the side may have seen the request.
    func cancel(_ status: GRPCStatus) {
        guard !hasEnded else { return }
        if status == .cancelled { origin.countCancelled(request.side) }
        if isInStore {
            cancellation?.cancel()
            return end(.lost(status))
        }
        if leg.pointee.isQueued {
            upstream.leaveQueue(leg)
            if request.deadline != 0, now >= request.deadline { refusal = .deadlinePassed }
            return end(.unreachable("no connection in time"))
        }
        if let stream = leg.pointee.stream, let connection = leg.pointee.connection { connection.cancel(leg, stream) }
        end(.lost(status))
    }

    private func timedOut() { cancel(.deadlineExceeded) }

    private func end(_ result: Result) {
        guard !hasEnded else { return }
        hasEnded = true
        worker.pointee.loop.disarm(timer)
        switch result {
        case .replied(let status), .decided(let status), .lost(let status): self.status = status
        case .unreachable(let reason):
            status = .unavailable
            reasonUnreachable = reason
        }
        origin.sideAnswered(request.side, status, askedAt: askedAt)
        ended(self, result)
    }

    // MARK: - What the upstream says

    func send(on connection: UpstreamConnectionPointer) {
        let limit = connection.pointee.maxMetadataBytes
        if origin.fieldBytes > limit {
            refusal = .metadataTooLargeForSide(request.side, limit: limit)
            return end(.unreachable("it takes at most \(limit) bytes of metadata"))
        }
        writeHead(&worker.pointee.sessions.pointee.writer)
        guard let stream = connection.client.request(bodyOf: source) else {
            connection.leave()
            return upstream.take(leg)
        }
        stream.enterAccount(withUnsafeMutablePointer(to: &upstream.pointee.asks) { $0 })
        stream.pointee.owner = UnsafeMutableRawPointer(leg)
        leg.pointee.stream = stream
        leg.pointee.connection = connection
    }

    private func writeHead(_ writer: inout HeaderWriter) {
        let head = RequestHeadWriter(
            fields: origin.clientFields, deadline: deadline, arrivedAt: origin.arrivedAt, epoch: origin.epoch,
            stage: origin.stage)
        head.writeOwn(&writer, now: now, scratch: scratch, path: request.path, own: origin.ownFields)
    }

    func unreachable() {
        let pool = upstream
        end(.unreachable(pool.pointee.schedule.failures > 0 ? pool.pointee.reason : "the connection was lost"))
    }

    func queueFull() {
        refusal = .queueFull(request.side)
        end(.unreachable("too many calls wait for a connection"))
    }

    func progressed(_ stream: StreamPointer, _ events: StreamEvents) {
        guard stream == leg.pointee.stream else { return }
        guard events.contains(.closed) else { return grew(stream, events) }
        if let connection = leg.pointee.connection { connection.legClosed(leg) }
        leg.pointee.connection = nil
        if hasEnded { return origin.askClosed() }
        if stream.pointee.hasEnded, stream.pointee.isHeadComplete { return end(.replied(Reply.status(of: stream))) }
        if retry(stream) { return }
        let isLost = stream.pointee.session == nil
        end(.lost(isLost ? .unavailable : GRPCStatus(http2ErrorCode: stream.pointee.errorCode)))
    }

    private func grew(_ stream: StreamPointer, _ events: StreamEvents) {
        stream.creditAll()
        let limit = worker.pointee.limits.messageBytes + GRPCPrefix.byteCount
        if events.contains(.oversized) { return cancel(.resourceExhausted) }
        if holdsTooMuch(stream) {
            refusal = .buffersFull
            return cancel(.resourceExhausted)
        }
        if stream.pointee.body.count > limit {
            guard request.awaitsStatus else { return cancel(.resourceExhausted) }
            hasLostReply = true
            stream.discard()
        }
        guard stream.pointee.hasEnded, !hasEnded else { return }
        // An answer before the request's end: its stream closes with a reset. That may have to wait, the answer does
        // not.
        leg.pointee.connection?.reset(leg, stream)
        guard leg.pointee.waitsForReset, stream.pointee.isHeadComplete else { return }
        earlyReply = worker.pointee.sessions.takeReply(of: stream)
        hadEarlyReply = true
        end(.replied(reply.map(Reply.status) ?? .unknown))
    }

    /// Whether replies of this upstream take more than their share of what the worker holds. What becomes of a write is
    /// heard all the same.
    private func holdsTooMuch(_ stream: StreamPointer) -> Bool {
        let limit = worker.pointee.limits.workerBuffer
        guard !request.awaitsStatus, stream.pointee.body.count > 1 << 18 else { return false }
        return worker.pointee.sessions.pointee.buffered.bytes > limit && upstream.pointee.asks.bytes > limit / 4
    }

    /// Refused streams, and those above GOAWAY's last id, were not processed (RFC 9113, 8.7).
    private func retry(_ stream: StreamPointer) -> Bool {
        guard stream.pointee.errorCode == HTTP2Code.refusedStream, stream.pointee.session != nil,
            !stream.pointee.isHeadComplete
        else { return false }
        leg.pointee.stream = nil
        worker.pointee.sessions.recycle(stream)
        if hasRetried {
            end(.unreachable("the stream was refused twice"))
        } else {
            hasRetried = true
            worker.pointee.counters.add(.retries)
            source.rewindBody()
            upstream.take(leg)
        }
        return true
    }
}
