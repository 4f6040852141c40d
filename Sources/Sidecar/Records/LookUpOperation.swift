import EventLoop
import HTTP2
import Migration
import Stores
import WireFormat

/// Records by their keys, while they are on both sides: both are asked at once, and each record is routed on its own.
///
///     made --start--> running --both have answered, one failed, client gone, too late--> over --asks closed--> closed
final class LookUpOperation: Operation {
    /// What is wanted of the records.
    enum Purpose {
        /// All of them: the answer to `GetMany`.
        case records
        /// The only one: the answer to `Get`.
        case record
        /// Its gray key, by which a write is decided then.
        case grayKey

        var operation: StoreOperation { self == .records ? .getMany : .get }
    }

    private let call: CallPointer
    private let purpose: Purpose
    /// The client's own.
    private let message: [UInt8]
    private let switches: UnsafePointer<MigrationSwitches>
    /// Keeps the memory behind `switches`.
    private let snapshot: SwitchSnapshot
    private var merging: ManyMerge
    private var asks: [Ask] = []
    private var answers: [Side: [UInt8]] = [:]
    private var isOver = false

    init(
        _ call: CallPointer, _ purpose: Purpose, message: [UInt8], _ merging: ManyMerge,
        switches: UnsafePointer<MigrationSwitches>, keeping snapshot: SwitchSnapshot
    ) {
        self.call = call
        self.purpose = purpose
        self.message = message
        self.merging = merging
        self.switches = switches
        self.snapshot = snapshot
    }

    var isClosed: Bool { isOver && asks.allSatisfy(\.isClosed) }

    /// - Parameter path: of the method that is asked; nil for the client's own.
    func start(_ request: [UInt8], path: UnsafeBufferPointer<UInt8>?) {
        call.count(.mergedQueries)
        for side in Side.allCases where !isOver {
            let request = Ask.Request(
                side: side, path: path, message: request, deadline: call.pointee.deadline,
                operation: purpose.operation)
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
            has(answer, side)
        case .decided(.notFound) where purpose != .records, .replied(.notFound) where purpose != .records:
            has([], side)
        // What is wrong with the request is told in the side's own words.
        case .decided(let status) where status == .invalidArgument,
            .replied(let status) where status == .invalidArgument:
            end { call.answer(ask.takeReply()) }
        case .decided(let status), .replied(let status), .lost(let status):
            end { call.refuse(.rowsMissing(side, status)) }
        case .unreachable(let reason): end { call.refuse(.sideUnreachable(side, reason)) }
        }
    }

    private func has(_ answer: [UInt8], _ side: Side) {
        answers[side] = answer
        guard let old = answers[.old], let new = answers[.new] else { return }
        do throws(ManyMerge.Fault) {
            try finish(try merging.merge(request: message, old: old, new: new, stages: switches.pointee))
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

    private func finish(_ answer: [UInt8]) throws(ManyMerge.Fault) {
        call.count(.unmigratedReads, UInt64(merging.unmigrated))
        call.count(merging.tally)
        if purpose != .records, answer.isEmpty {
            return end { call.refuse(.storeRefused(.notFound, "neither side has the record")) }
        }
        if purpose == .grayKey, let key = try merging.grayKey(ofFirst: answer) {
            isOver = true
            return call.found(grayKey: key, naming: RecordsRoute.naming(answer), message: message)
        }
        let compresses = asks.contains(where: \.isReplyCompressed)
        end { call.answer(message: answer, partial: nil, compresses: compresses) }
    }

    private func end(_ answer: () -> Void) {
        guard !isOver else { return call.operationProgressed() }
        isOver = true
        answer()
        for ask in asks { ask.cancel(.cancelled) }
        call.operationProgressed()
    }
}
