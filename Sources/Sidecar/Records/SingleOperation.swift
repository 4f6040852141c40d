import EventLoop
import HTTP2
import Migration
import WireFormat

/// Runs a `SingleQuery` between stores: the query for one record, and every other call at the stages at which one side
/// has all say.
///
///     made --start--> running --machine's end, client gone, too late--> over --asks closed--> closed
final class SingleOperation: Operation {
    private let call: CallPointer
    private let message: [UInt8]
    private var machine: SingleQuery
    private var asks: [Ask] = []
    private var isOver = false

    init(_ call: CallPointer, _ machine: SingleQuery, message: [UInt8]) {
        self.call = call
        self.machine = machine
        self.message = message
    }

    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }
    var sentWrite: Side? {
        guard !isOver, call.pointee.route.pointee.planPointer?.pointee.kind.isWrite == true else { return nil }
        return asks.last?.request.side
    }

    var oneSidedMessage: [UInt8]? { message }

    func start() { perform(machine.start()) }

    /// A write that is under way runs to its end; nobody waits for a query any more.
    func clientLeft() { giveUp() }
    func deadlinePassed() { giveUp() }

    private func giveUp() {
        isOver = true
        for ask in asks { ask.cancel(.cancelled) }
        call.operationProgressed()
    }

    private func perform(_ action: SingleQuery.Action) {
        switch action {
        case .ask(let side): ask(side)
        case .answer(let side): end { self.call.answer(asks.last { $0.request.side == side }?.takeReply()) }
        case .answerUnmigrated:
            call.count(.unmigratedReads)
            end { self.call.answer(asks.last?.takeReply()) }
        case .fail(let side, .unreachable): end { self.call.refuse(.sideUnreachable(side, words(side).words)) }
        case .fail(let side, .failed): end { self.call.refuse(.sideFailed(side, words(side))) }
        case .ignore: break
        }
    }

    private func words(_ side: Side) -> SideWords {
        asks.last { $0.request.side == side }?.sideWords ?? SideWords(.unavailable, "")
    }

    private func ask(_ side: Side) {
        if !asks.isEmpty { call.count(.absentFallbacks) }
        let request = Ask.Request(
            side: side, path: nil, message: message, deadline: call.pointee.deadline,
            operation: call.pointee.route.pointee.recordsPointer?.pointee.operation(message))
        let ask = Ask(request, for: .call(call)) { [unowned self] in replied($1) }
        asks.append(ask)
        ask.start()
    }

    private func replied(_ result: Ask.Result) {
        guard !isOver, let plan = call.pointee.route.pointee.planPointer else { return }
        // What a store says of the request or of the record is the answer, whichever side is asked.
        if case .decided(let status) = result, status.isStoresJudgement {
            return end { self.call.answer(asks.last?.takeReply()) }
        }
        let outcome: SingleQuery.Outcome =
            switch result {
            case .replied(let status), .decided(let status): plan.pointee.outcome(of: status)
            case .lost(let status): .failed(status)
            case .unreachable: .unreachable
            }
        perform(machine.replied(outcome))
    }

    private func end(_ answer: () -> Void) {
        isOver = true
        answer()
        call.operationProgressed()
    }
}

extension GRPCStatus {
    /// Whether a store has judged the request or the record by it, and not its own state.
    var isStoresJudgement: Bool {
        switch self {
        case .invalidArgument, .failedPrecondition, .internal, .dataLoss: true
        default: false
        }
    }
}
