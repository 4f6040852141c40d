import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// Runs a `RecordSearch`: a call about one record that does not bear its gray key.
///
///     made --start--> running --machine's end, client gone, too late--> over --asks closed--> closed
final class SearchOperation: Operation {
    private let call: CallPointer
    private let purpose: RecordSearch.Purpose
    /// The client's own.
    private let message: [UInt8]
    /// What the sides are asked, and by which method; nil for the client's own.
    private let request: [UInt8]
    private let path: UnsafeBufferPointer<UInt8>?
    private let plan: ManyPlan
    private let record: RecordTable.Key?
    /// As it was decided.
    private let stages: RecordStages
    /// Keeps the memory behind them.
    private let snapshot: SwitchSnapshot
    private var machine: RecordSearch
    private var asks: [Ask] = []
    private var isOver = false
    private var reasonUnreachable = ""

    init(
        _ call: CallPointer, _ purpose: RecordSearch.Purpose, message: [UInt8], asking request: [UInt8],
        path: UnsafeBufferPointer<UInt8>?, plan: ManyPlan, record: RecordTable.Key?,
        switches: UnsafePointer<MigrationSwitches>, keeping snapshot: SwitchSnapshot
    ) {
        self.call = call
        self.purpose = purpose
        self.message = message
        self.request = request
        self.path = path
        self.plan = plan
        self.record = record
        stages = call.stages(switches)
        self.snapshot = snapshot
        machine = RecordSearch(for: purpose)
    }

    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }

    func start() { perform(machine.start()) }
    func clientLeft() { end {} }
    func deadlinePassed() { end {} }

    private func perform(_ action: RecordSearch.Action) {
        switch action {
        case .ask(let side): ask(side)
        case .found(let side): found(asks.last { $0.request.side == side })
        case .foundUnmigrated:
            call.count(.unmigratedReads)
            found(asks.last)
        case .notFound: end { call.refuse(.storeRefused(.notFound, notFound)) }
        case .fail(let side, .unreachable):
            let refusal = asks.last { $0.request.side == side }?.refusal
            end { call.refuse(refusal ?? .sideUnreachable(side, reasonUnreachable)) }
        case .fail(let side, .failed(let status)):
            let ask = asks.last { $0.request.side == side }
            end { call.refuse(ask?.refusal ?? .sideFailed(side, ask?.sideWords ?? SideWords(status, ""))) }
        case .ignore: break
        }
    }

    /// In the words of a store that is asked alone.
    private var notFound: String {
        call.pointee.route.pointee.recordsPointer?.pointee.notFound ?? "no such record"
    }

    private func ask(_ side: Side) {
        let ask = Ask(
            Ask.Request(
                side: side, path: path, message: request, deadline: call.pointee.deadline, operation: .get),
            for: .call(call)
        ) { [unowned self] in replied($0, $1) }
        asks.append(ask)
        ask.start()
    }

    private func replied(_ ask: Ask, _ result: Ask.Result) {
        guard !isOver else { return }
        switch result {
        case .replied(.ok), .decided(.ok):
            guard let key = grayKey(of: ask) else {
                return end { call.refuse(.malformedAnswer(ask.request.side, "its record cannot be read")) }
            }
            perform(machine.replied(.found(stage(of: key))))
        case .decided(.notFound), .replied(.notFound): perform(machine.replied(.absent))
        // What is wrong with the request is told in the side's own words.
        case .decided(let status) where status.judgesRequest, .replied(let status) where status.judgesRequest:
            end { call.answer(ask.takeReply()) }
        // The call's own end says nothing of the side.
        case .decided(.deadlineExceeded), .replied(.deadlineExceeded), .lost(.deadlineExceeded):
            end { call.refuse(.deadlinePassed) }
        case .decided(let status), .replied(let status), .lost(let status):
            perform(machine.replied(.failed(.failed(status))))
        case .unreachable(let reason):
            reasonUnreachable = reason
            perform(machine.replied(.failed(.unreachable)))
        }
    }

    private func grayKey(of ask: Ask) -> ManyPlan.FirstKey? {
        ask.replyMessage.flatMap { try? plan.grayKey(ofFirst: $0) }
    }

    /// Of the record: its pin's, else that of its gray key.
    private func stage(of key: ManyPlan.FirstKey) -> Stage {
        if let record, let stage = stages.pinned[record.record] { return stage }
        guard case .grayKey(let key) = key else { return stages.stageOfNoKey }
        return key.withUnsafeBytes { stages.stage(grayKey: $0) }
    }

    private func found(_ ask: Ask?) {
        guard purpose == .grayKey else { return end { call.answer(ask?.takeReply()) } }
        guard let ask, let key = grayKey(of: ask), let answer = ask.replyMessage else { return }
        isOver = true
        var bytes: [UInt8]?
        if case .grayKey(let key) = key { bytes = key }
        call.found(grayKey: bytes, naming: RecordsRoute.naming(answer), message: message)
    }

    private func end(_ answer: () -> Void) {
        guard !isOver else { return call.operationProgressed() }
        isOver = true
        answer()
        for ask in asks { ask.cancel(.cancelled) }
        call.operationProgressed()
    }
}
