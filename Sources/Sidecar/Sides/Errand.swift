import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// What the sidecar asks one side on its own behalf, with no client's call behind it. Belongs to its worker's loop.
///
///     made --start--> asking --answered, lost, unreachable, given up--> told --its stream closed--> forgotten
///
/// Its worker keeps it from `start` until nothing of it is in anybody's hands any more.
final class Errand {
    let worker: WorkerPointer
    let migration: Int
    /// Of the request, where a service is asked; they live until its stream is closed.
    let fields: LocalFields?
    let begunAt: UInt64
    /// Of the switches that it began with; 0: none were known.
    let epoch: UInt64
    /// Of the record that it is about; nil where it is about many.
    let stage: Stage?
    private var ask: Ask?
    private var tell: ((Ask, Ask.Result) -> Void)?

    /// - Parameter tell: called once, on the loop, after `start`. The ask's reply may be taken in it.
    init(
        _ request: SideRequest, stage: Stage? = nil, on worker: WorkerPointer,
        tell: @escaping (Ask, Ask.Result) -> Void
    ) {
        self.worker = worker
        self.stage = stage
        self.tell = tell
        migration = request.migration
        begunAt = worker.pointee.loop.pointee.now
        epoch = worker.switches(of: migration)?.pointee.epoch ?? 0
        let operation: StoreOperation?
        switch (request.what, worker.backend(request.side, of: migration)) {
        case (.operation(let asked), .store): (operation, fields) = (asked, nil)
        case (.method(let path), .service(let upstream)):
            (operation, fields) = (nil, Self.fields(path, authority: upstream.pointee.address.authority))
        case (.operation, .service), (.method, .store):
            preconditionFailure("a service is asked by a method, a store by an operation")
        }
        let asked = Ask.Request(
            side: request.side, path: nil, message: request.message, deadline: request.deadline, operation: operation,
            awaitsStatus: request.awaitsStatus)
        ask = Ask(asked, for: .errand(self)) { [unowned self] in ended($0, $1) }
    }

    private static func fields(_ path: String, authority: String) -> LocalFields {
        LocalFields([
            (name: ":method", value: "POST"), (name: ":scheme", value: "http"), (name: ":path", value: path),
            (name: ":authority", value: authority), (name: "content-type", value: "application/grpc"),
            (name: "te", value: "trailers"), (name: "user-agent", value: "switchover/\(Version.current)"),
        ])
    }

    func start() {
        worker.pointee.errands.append(self)
        ask?.start()
    }

    /// Nobody waits for the answer any more: `tell` hears so, where it has heard nothing yet.
    func cancel() { ask?.cancel(.cancelled) }

    private func ended(_ ask: Ask, _ result: Ask.Result) {
        let tell = tell
        self.tell = nil
        tell?(ask, result)
        forgetIfClosed()
    }

    func askClosed() { forgetIfClosed() }

    private func forgetIfClosed() {
        guard let ask, ask.isClosed else { return }
        // The ask names the errand in turn.
        self.ask = nil
        worker.pointee.errands.removeAll { $0 === self }
    }
}

/// What is asked of a side where no client asks.
struct SideRequest: Sendable {
    enum What: Sendable {
        /// Of a store.
        case operation(StoreOperation)
        /// Of a service: the method's `:path`.
        case method(String)
    }

    let side: Side
    let migration: Int
    let what: What
    let message: [UInt8]
    /// Monotonic nanoseconds; 0 where there is none.
    let deadline: UInt64
    /// Whether it may change something: then a reply that is too large to be kept is heard to its end.
    var awaitsStatus = false
}

/// How a side answered it, for other threads than the worker's.
enum SideAnswer: Sendable, Equatable {
    case message([UInt8])
    /// In the side's own words.
    case failed(GRPCStatus, String)
    /// The side has not seen the request.
    case unreachable(String)
    /// It was sent, and no answer came: what became of it is unknown.
    case lost(GRPCStatus)

    init(_ ask: Ask, _ result: Ask.Result) {
        switch result {
        case .replied(.ok), .decided(.ok):
            self = ask.replyMessage.map { .message($0) } ?? .failed(.internal, "the answer is not one message")
        case .replied(let status), .decided(let status): self = .failed(status, ask.words)
        case .unreachable(let reason): self = .unreachable(reason)
        case .lost(let status): self = .lost(status)
        }
    }

    /// Why there is no message, for a person; nil where there is one.
    var problem: String? {
        switch self {
        case .message: nil
        case .failed(let status, let words): "\(status.name): \(words)"
        case .unreachable(let reason): "\(GRPCStatus.unavailable.name): \(reason)"
        case .lost(let status): "\(status.name): no answer came"
        }
    }
}
