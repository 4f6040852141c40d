import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// Runs a `MultiQuery`: a query for many records while they are on both sides.
///
///     made --start--> running --machine's end, client gone, too late--> over --streams closed--> closed
///
/// It is decided once: it keeps the switches that it began with until it is over.
final class QueryOperation: Operation {
    private let call: CallPointer
    private let route: UnsafePointer<QueryRoute>
    /// As it was decided.
    private let stages: RecordStages
    /// Keeps the memory behind them.
    private let snapshot: SwitchSnapshot
    private var machine: MultiQuery
    /// Sides whose rows may be missing; and of these the ones from which a client that names no key is not to suffer.
    private let mayMiss: SideSet
    private let untrusted: SideSet
    private var asks: [Ask] = []
    private var isOver = false
    /// The reply that has just come.
    private var latest: Ask?
    /// Why it is none: the side was asked and has not answered to the end.
    private var lost: GRPCStatus?

    init(
        _ call: CallPointer, _ sides: MultiQuery.Sides, mayMiss: SideSet, route: UnsafePointer<QueryRoute>,
        switches: UnsafePointer<MigrationSwitches>, keeping snapshot: SwitchSnapshot
    ) {
        self.call = call
        self.route = route
        stages = call.stages(switches)
        self.snapshot = snapshot
        untrusted = mayMiss
        let mayMiss = mayMiss.union(route.pointee.mayMiss)
        self.mayMiss = mayMiss
        machine = MultiQuery(
            plan: route.pointee.plan, sides: sides, mayMiss: mayMiss,
            maxAnswerBytes: call.pointee.worker.pointee.limits.messageBytes)
    }

    private var worker: WorkerPointer { call.pointee.worker }

    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }

    func start(_ message: [UInt8]) {
        call.count(.mergedQueries)
        perform(machine.start(request: message))
    }

    func clientLeft() { giveUp() }
    func deadlinePassed() { giveUp() }

    private func giveUp() {
        isOver = true
        for ask in asks { ask.cancel(.cancelled) }
        call.operationProgressed()
    }

    // MARK: - The machine

    private func perform(_ action: MultiQuery.Action) {
        switch action {
        case .ask(let requests):
            for request in requests where !isOver { ask(request) }
        case .answer(let message, let partial):
            // Sides compress what is worth it, and only for clients that can read it.
            let compresses = asks.contains(where: \.isReplyCompressed)
            call.count(machine.tally)
            end { call.answer(message: message, partial: partial, compresses: compresses) }
        case .relay(let side):
            end { relay(side) }
        case .pass(let message, let side):
            let reply = latest?.request.side == side ? latest?.takeReply() : nil
            end { call.answer(reply, saying: message, compresses: latest?.isReplyCompressed ?? false) }
        case .fail(let side, let failure): end { call.refuse(refusal(side, failure)) }
        case .refuse(let refusal): end { call.refuse(Refusal(refusal, keyPath: call.keyPath(0))) }
        case .wait, .ignore: break
        }
    }

    private func refusal(_ side: Side, _ failure: MultiQuery.SideFailure) -> Refusal {
        let ask = latest?.request.side == side ? latest : nil
        if let refusal = ask?.refusal { return refusal }
        switch failure {
        case .failed(let status): return .rowsMissing(side, ask?.sideWords ?? SideWords(status, ""))
        case .unreachable:
            let words = ask?.words ?? ""
            return .sideUnreachable(side, words.isEmpty ? "its rows are needed" : words)
        }
    }

    private func ask(_ request: MultiQuery.Ask) {
        let path = request.method == nil ? nil : route.pointee.lookUpPath
        let asked = Ask.Request(
            side: request.side, path: path, message: request.message, deadline: call.pointee.deadline,
            waitsUntil: mayMiss.contains(request.side) ? call.lastMoment : 0,
            operation: path == nil ? .query : .getMany)
        let ask = Ask(asked, for: .call(call)) { [unowned self] in replied($0, $1) }
        asks.append(ask)
        ask.start()
    }

    private func replied(_ ask: Ask, _ result: Ask.Result) {
        guard !isOver else { return }
        latest = ask
        lost = nil
        if case .lost(let status) = result { lost = status }
        let reply: MultiQuery.Reply =
            switch result {
            case .replied(.ok), .decided(.ok): ask.replyMessage.map { .message($0) } ?? .failed(.internal)
            case .replied(let status), .decided(let status), .lost(let status): .failed(status)
            case .unreachable: .unreachable
            }
        if case .message = reply, untrusted.contains(ask.request.side.other) {
            let until = worker.pointee.loop.pointee.now + worker.pointee.limits.partialWait
            for other in asks where other.request.side != ask.request.side { other.hurry(until: until) }
        }
        perform(machine.replied(ask.request.side, reply, stages: stages))
    }

    /// The side's own failure, or what kept it from saying one.
    private func relay(_ side: Side) {
        if let refusal = latest?.refusal { return call.refuse(refusal) }
        if let lost { return call.refuse(Refusal(lost: lost, on: side, limit: worker.pointee.limits.messageBytes)) }
        call.answer(latest?.request.side == side ? latest?.takeReply() : nil)
    }

    private func end(_ answer: () -> Void) {
        isOver = true
        answer()
        for ask in asks { ask.cancel(.cancelled) }
        call.operationProgressed()
    }
}

extension Refusal {
    /// A side that was asked a question has not answered it to the end.
    init(lost status: GRPCStatus, on side: Side, limit: Int) {
        self =
            switch status {
            case .deadlineExceeded: .deadlinePassed
            case .resourceExhausted: .replyTooLarge(side, limit: limit)
            default: .sideUnreachable(side, "the connection was lost")
            }
    }

    /// - Parameter keyPath: where the gray key stands in the request.
    init(_ refusal: MultiQuery.Refusal, keyPath: String) {
        self =
            switch refusal {
            case .malformedRequest(let fault): .malformedMessage("the request cannot be read: \(fault)")
            case .token: .badPageToken
            case .grayKeyMissing: .missingKey("the gray key", path: keyPath)
            case .walkInterrupted: .walkInterrupted
            case .fault(let side, .unsorted(let row)): .unsortedSide(side, row: row)
            case .fault(let side, .unreadable(let fault)): .malformedAnswer(side, "\(fault)")
            case .fault(let side, .keyMissing(let component)):
                .malformedAnswer(side, "a row lacks component \(component + 1) of its key")
            case .fault(let side, .keyTooLong): .malformedAnswer(side, "the key of a row is too long")
            case .noProgress: .malformedAnswer(nil, "both gave only empty pages")
            }
    }
}
