import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// Many records by their keys, while they are on both sides: both are asked at once, and each record is routed on its
/// own.
///
///     made --start--> running --both have answered, one failed, client gone, too late--> over --asks closed--> closed
final class GetManyOperation: Operation {
    private let call: CallPointer
    private let message: [UInt8]
    private let plan: ManyPlan
    private let switches: UnsafePointer<MigrationSwitches>
    /// Keeps the memory behind `switches`.
    private let snapshot: SwitchSnapshot
    private var merging: ManyMerge
    private var asks: [Ask] = []
    private var answers: [Side: [UInt8]] = [:]
    private var isOver = false

    /// - Parameter stage: of all records; nil where each one's own gray key decides.
    init(
        _ call: CallPointer, _ message: [UInt8], plan: ManyPlan, stage: Stage?, grayFallback: Bool,
        switches: UnsafePointer<MigrationSwitches>, keeping snapshot: SwitchSnapshot
    ) {
        self.call = call
        self.message = message
        self.plan = plan
        self.switches = switches
        self.snapshot = snapshot
        merging = ManyMerge(plan: plan, stage: stage, grayFallback: grayFallback)
    }

    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }

    func start() {
        call.pointee.worker.pointee.counters.add(.multiQueries)
        for side in Side.allCases where !isOver {
            let request = Ask.Request(
                side: side, path: nil, message: message, deadline: call.pointee.deadline, operation: .getMany)
            let ask = Ask(request, for: call) { [unowned self] in replied($0, $1) }
            asks.append(ask)
            ask.start()
        }
    }

    func clientLeft() { end {} }
    func deadlinePassed() { end {} }

    private func replied(_ ask: Ask, _ result: Ask.Result) {
        guard !isOver else { return }
        let side = ask.request.side
        switch result {
        case .replied(.ok), .decided(.ok):
            guard let answer = ask.replyMessage else {
                return end { call.refuse(.malformedAnswer(side, "it has not one message")) }
            }
            answers[side] = answer
            if let old = answers[.old], let new = answers[.new] { merge(old, new) }
        // What is wrong with the request is told in the side's own words.
        case .decided(let status) where status == .invalidArgument,
            .replied(let status) where status == .invalidArgument:
            end { call.answer(ask.takeReply()) }
        case .decided(let status), .replied(let status), .lost(let status):
            end { call.refuse(.rowsMissing(side, status)) }
        case .unreachable(let reason): end { call.refuse(.sideUnreachable(side, reason)) }
        }
    }

    private func merge(_ old: [UInt8], _ new: [UInt8]) {
        do throws(ManyMerge.Fault) {
            let answer = try merging.merge(request: message, old: old, new: new, stages: switches.pointee)
            call.pointee.worker.pointee.counters.add(.unmigratedReads, UInt64(merging.unmigrated))
            let compresses = asks.contains(where: \.isReplyCompressed)
            end { call.answer(message: answer, partial: nil, compresses: compresses) }
        } catch {
            let side = error.side
            end {
                call.refuse(
                    side == nil
                        ? .malformedMessage("a key of the request cannot be read")
                        : .malformedAnswer(side, "a key of a row cannot be read"))
            }
        }
    }

    private func end(_ answer: () -> Void) {
        guard !isOver else { return call.operationProgressed() }
        isOver = true
        answer()
        for ask in asks { ask.cancel(.cancelled) }
        call.operationProgressed()
    }
}
