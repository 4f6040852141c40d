import EventLoop

/// One client of the stats port: requests are answered one after the other, in order, and nothing is read while an
/// answer waits.
///
///     reading --request--> (answering, while the kernel does not take it all) --sent--> reading
///     reading --last request, refusal--> (answering) --sent--> lingering: our side is closed, the rest dropped
///     any --client gone, failure, time out--> closed
///
/// Lingering, since closing with unread bytes would reset the connection and could take the answer with it (RFC 9112,
/// 9.6).
final class StatsConnection {
    private enum Phase {
        case reading
        case answering(closesAfterwards: Bool)
        case lingering
        case closed
    }

    private let loop: UnsafeMutablePointer<EventLoop>
    private let pages: StatsPages
    /// For a request to come in, and for an answer to be taken.
    private let patienceNanoseconds: UInt64
    private let closed: (StatsConnection) -> Void
    private var socket: StreamSocket?
    private var parser = HTTPRequestParser()
    private var phase = Phase.reading
    private var timer: UnsafeMutablePointer<Timer>

    /// Serves `descriptor` until either side is done, then tells `closed`.
    init(
        _ descriptor: Int32, loop: UnsafeMutablePointer<EventLoop>, pages: StatsPages, patienceNanoseconds: UInt64,
        closed: @escaping (StatsConnection) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.pages = pages
        self.patienceNanoseconds = patienceNanoseconds
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

    private func ready() {
        switch phase {
        case .answering: sendRest()
        case .reading, .lingering: receive()
        case .closed: break
        }
    }

    private func receive() {
        switch socket?.receive(into: loop.pointee.receiveBuffer) {
        case .bytes(let count):
            guard case .reading = phase else { return }
            parser.append(UnsafeRawBufferPointer(rebasing: loop.pointee.receiveBuffer[..<count]))
            answerWaiting()
        case .wouldBlock: break
        case .ended, .failed, nil: close()
        }
    }

    /// Answers what has arrived, until an answer must wait for its reader.
    private func answerWaiting() {
        while case .reading = phase {
            switch parser.next() {
            case .incomplete: return
            case .request(let request):
                let response = pages.response(to: request)
                let keepsAlive = request.keepsAlive && response.status != .methodNotAllowed
                send(response.bytes(forHead: request.method == .head, keepsAlive: keepsAlive), closes: !keepsAlive)
            case .rejected(let status):
                let response = HTTPResponse(status, text: status.reason.lowercased())
                send(response.bytes(forHead: false, keepsAlive: false), closes: true)
            }
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
        case .all:
            answered(closes: closes)
            answerWaiting()
        case .blocked: break
        case .failed, nil: close()
        }
    }

    private func answered(closes: Bool) {
        restartTimer()
        socket?.setReading(true)
        phase = closes ? .lingering : .reading
        if closes { socket?.shutDownWriting() }
    }

    private func restartTimer() { loop.arm(timer, at: loop.pointee.now + patienceNanoseconds) }
}
