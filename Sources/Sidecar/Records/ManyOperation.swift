import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// Runs a `ManyMerge`: many records by their keys, while they are on both sides. Both are asked at once, and each
/// record is routed on its own. Where new lacks a record that old may have got or lost meanwhile, old is asked once
/// more.
///
///     made --start--> running --both have answered--> over, running --in doubt--> old again --answered--> over
///                     running, old again --one failed, client gone, too late--> over --asks closed--> closed
final class ManyOperation: Operation {
    private let call: CallPointer
    private let message: [UInt8]
    /// As it was decided.
    private let stages: RecordStages
    /// Keeps the memory behind them.
    private let snapshot: SwitchSnapshot
    /// Sides whose failure leaves a partial answer.
    private let mayMiss: SideSet
    private var merging: ManyMerge
    private var asks: [Ask] = []
    private var answers: [Side: [UInt8]] = [:]
    /// The side whose say is missing.
    private var missing: Side?
    private var isOver = false
    private var hasAskedAgain = false

    init(
        _ call: CallPointer, message: [UInt8], _ merging: ManyMerge, mayMiss: SideSet,
        switches: UnsafePointer<MigrationSwitches>, keeping snapshot: SwitchSnapshot
    ) {
        self.call = call
        self.message = message
        self.merging = merging
        self.mayMiss = mayMiss
        stages = call.stages(switches)
        self.snapshot = snapshot
    }

    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }

    func start() {
        call.count(.mergedQueries)
        for side in Side.allCases where !isOver { ask(side) }
    }

    private func ask(_ side: Side) {
        let request = Ask.Request(
            side: side, path: nil, message: message, deadline: call.pointee.deadline,
            waitsUntil: mayMiss.contains(side) ? call.lastMoment : 0, operation: .getMany)
        let ask = Ask(request, for: .call(call)) { [unowned self] in replied($0, $1) }
        asks.append(ask)
        ask.start()
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
            if mayMiss.contains(side.other) {
                let limits = call.pointee.worker.pointee.limits
                let until = call.pointee.worker.pointee.loop.pointee.now + limits.partialWait
                for other in asks where other.request.side != side { other.hurry(until: until) }
            }
            has(answer, side)
        // What is wrong with the request is told in the side's own words.
        case .decided(let status) where isJudgement(status, of: side),
            .replied(let status) where isJudgement(status, of: side):
            end { call.answer(ask.takeReply()) }
        case .decided(let status), .replied(let status), .lost(let status):
            if misses(side) { return has([], side) }
            if let refusal = ask.refusal { return end { call.refuse(refusal) } }
            // What is wrong with a record is told so too.
            if case .decided(let status) = result, status.isStoresJudgement {
                return end { call.answer(ask.takeReply()) }
            }
            let words = ask.sideWords
            // The call's own end says nothing of the side.
            end { call.refuse(status == .deadlineExceeded ? .deadlinePassed : .rowsMissing(side, words)) }
        case .unreachable(let reason):
            if misses(side) { return has([], side) }
            end { call.refuse(ask.refusal ?? .sideUnreachable(side, reason)) }
        }
    }

    /// A side that may be missing is not heard about anything but the request's form.
    private func isJudgement(_ status: GRPCStatus, of side: Side) -> Bool {
        status == .invalidArgument || status.judgesRequest && !mayMiss.contains(side)
    }

    private func misses(_ side: Side) -> Bool {
        guard mayMiss.contains(side), missing == nil else { return false }
        missing = side
        return true
    }

    private func has(_ answer: [UInt8], _ side: Side) {
        answers[side] = answer
        guard let old = answers[.old], let new = answers[.new] else { return }
        do throws(ManyMerge.Fault) {
            let answer = try merging.merge(request: message, old: old, new: new, stages: stages)
            if merging.isDoubtful, missing == nil, !hasAskedAgain {
                hasAskedAgain = true
                answers[.old] = nil
                return ask(.old)
            }
            call.count(.unmigratedReads, UInt64(merging.unmigrated))
            call.count(merging.tally)
            let compresses = asks.contains(where: \.isReplyCompressed)
            end { call.answer(message: answer, partial: missing, compresses: compresses) }
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
