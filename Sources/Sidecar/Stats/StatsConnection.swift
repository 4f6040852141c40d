import EventLoop

/// One client of the stats port: requests are answered one after the other, in order, and nothing is read while an
/// answer waits for its reader, or a request for its turn. Whoever sends many requests at once has one answered in a
/// turn, and all others have theirs between.
///
///     reading --request--> (answering, while the kernel does not take it all) --sent, nothing else is here--> reading
///                                                      --sent, and more is here--> waiting --its turn--> reading
///     reading --last request, refusal--> (answering) --sent--> lingering: our side is closed, the rest dropped
///     any --client gone, failure, time out--> closed
///
/// Lingering, since closing with unread bytes would reset the connection and could take the answer with it (RFC 9112,
/// 9.6).
final class StatsConnection {
    private enum Phase {
        case reading
        case answering(closesAfterwards: Bool)
        case waiting
        case lingering
        case closed
    }

    private let loop: UnsafeMutablePointer<EventLoop>
    private let pages: StatsPages
    /// For a request to come in, and for an answer to be taken.
    private let patienceNanoseconds: UInt64
    private let waits: (StatsConnection) -> Void
    private let closed: (StatsConnection) -> Void
    private var socket: StreamSocket?
    private var parser = HTTPRequestParser()
    private var phase = Phase.reading
    private var timer: UnsafeMutablePointer<Timer>

    /// Serves `descriptor` until either side is done, then tells `closed`. Tells `waits` when more has come than is
    /// answered in one turn: `goOn` is to be called then, in another one.
    init(
        _ descriptor: Int32, loop: UnsafeMutablePointer<EventLoop>, pages: StatsPages, patienceNanoseconds: UInt64,
        waits: @escaping (StatsConnection) -> Void, closed: @escaping (StatsConnection) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.pages = pages
        self.patienceNanoseconds = patienceNanoseconds
        self.waits = waits
        self.closed = closed
        timer = .allocate(capacity: 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        timer.initialize(
            to: Timer(context: context) { Unmanaged<StatsConnection>.fromOpaque($0).takeUnretainedValue().close() }
        )
        socket = try StreamSocket(descriptor: descriptor, loop: loop, interest: .readable, context: context) {
            context, _ in
            Unmanaged<StatsConnection>.fromOpaque(context).takeUnretainedValue().ready()
        }
        restartTimer()
    }

    deinit {
        loop.disarm(timer)
        timer.deallocate()
    }

    /// Ends it now.
    func close() {
        if case .closed = phase { return }
        phase = .closed
        loop.disarm(timer)
        socket = nil
        closed(self)
    }

    /// Its turn has come. False where it does not need one any more.
    func goOn() -> Bool {
        guard case .waiting = phase else { return false }
        phase = .reading
        answerNext()
        return true
    }

    private func ready() {
        switch phase {
        case .answering: sendRest()
        case .reading, .lingering: receive()
        // Told of nothing but its end while nothing is read: it must not take a place until its turn.
        case .waiting: close()
        case .closed: break
        }
    }

    private func receive() {
        switch socket?.receive(into: loop.pointee.receiveBuffer) {
        case .bytes(let count):
            guard case .reading = phase else { return }
            parser.append(UnsafeRawBufferPointer(rebasing: loop.pointee.receiveBuffer[..<count]))
            answerNext()
        case .wouldBlock: break
        case .ended, .failed, nil: close()
        }
    }

    /// Answers the next request that has arrived, and no other one.
    private func answerNext() {
        switch parser.next() {
        case .incomplete: socket?.setReading(true)
        case .request(let request):
            let response = pages.response(to: request)
            let keepsAlive = request.keepsAlive && response.status != .methodNotAllowed
            send(response.bytes(forHead: request.method == .head, keepsAlive: keepsAlive), closes: !keepsAlive)
        case .rejected(let status):
            let response = HTTPResponse(status, text: status.reason.lowercased())
            send(response.bytes(forHead: false, keepsAlive: false), closes: true)
        }
    }

    private func send(_ bytes: [UInt8], closes: Bool) {
        restartTimer()
        phase = .answering(closesAfterwards: closes)
        switch bytes.withUnsafeBytes({ socket?.send($0) }) {
        case .all: answered(closes: closes)
        case .blocked: socket?.setReading(false)
        case .failed, nil: close()
        }
    }

    private func sendRest() {
        guard case .answering(let closes) = phase else { return }
        switch socket?.resume() {
        case .all: answered(closes: closes)
        case .blocked: break
        case .failed, nil: close()
        }
    }

    private func answered(closes: Bool) {
        restartTimer()
        if !closes, parser.isAmidRequest {
            phase = .waiting
            socket?.setReading(false)
            return waits(self)
        }
        socket?.setReading(true)
        phase = closes ? .lingering : .reading
        if closes { socket?.shutDownWriting() }
    }

    private func restartTimer() { loop.arm(timer, at: loop.pointee.now + patienceNanoseconds) }
}
