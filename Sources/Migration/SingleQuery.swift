package import WireFormat

/// Decides which side's answer a query for one record gets.
///
///     ready --start--> first --absent, stage falls back--> second --any reply--> done
///                      first --any other reply--------------------------------> done
///
/// The side that is asked first is the authority, and whatever it says but *absent* is the answer. Absence alone is not
/// yet the truth at the stages that fall back, so absent here and a failure there is a failure: the record may be on
/// the side that did not say. A side that judges the request has said. Absent on both sides is the authority's own
/// answer, which the shell must keep until then.
///
/// An event that the state does not expect (a late reply of a call that is decided, a second start) is a fault of who
/// runs it, which ends a debug build.
/// Plain data: it lives in the call's slot and is copied with it. Run by `Call+Forwarding`, and between stores by
/// `SingleOperation`.
package struct SingleQuery: Sendable, Equatable {
    /// How a side's reply ended.
    package enum Outcome: Sendable, Equatable {
        case ok
        /// The status that the call plan names as absence.
        case absent
        case failed(GRPCStatus)
        /// No reply and none to be expected: not connected, connection lost, queue full.
        case unreachable
    }

    /// Why a side that had to be asked gives no answer.
    package enum SideFailure: Sendable, Equatable {
        case unreachable
        case failed(GRPCStatus)
    }

    package enum Action: Sendable, Equatable {
        case ask(Side)
        /// That side's reply goes to the client as it is.
        case answer(from: Side)
        /// Old's reply goes to the client; new should have had the record: count it.
        case answerUnmigrated
        /// `UNAVAILABLE` goes to the client, naming the side.
        case fail(Side, SideFailure)
        /// The event was not expected in this state: nothing is to be done.
        case ignore

        @inlinable static func unexpected() -> Action {
            assertionFailure("a query for one record is told of what its state does not expect")
            return .ignore
        }
    }

    @usableFromInline
    enum State: Sendable, Equatable {
        case ready(Side, fallsBack: Bool)
        case first(Side, fallsBack: Bool)
        /// The other side has said *absent*.
        case second(Side)
        case done
    }

    @usableFromInline var state: State

    @inlinable package init(stage: Stage, grayFallback: Bool) {
        let fallsBack =
            switch stage {
            case .dualOld: true
            case .dualNew: grayFallback
            case .old, .newMirrored, .new: false
            }
        state = .ready(stage.authority, fallsBack: fallsBack)
    }

    @inlinable package mutating func start() -> Action {
        guard case .ready(let side, let fallsBack) = state else { return .unexpected() }
        state = .first(side, fallsBack: fallsBack)
        return .ask(side)
    }

    /// The side asked last has replied, or cannot.
    @inlinable package mutating func replied(_ outcome: Outcome) -> Action {
        switch state {
        case .ready, .done:
            return .unexpected()
        case .first(let side, let fallsBack):
            if outcome == .absent, fallsBack {
                state = .second(side.other)
                return .ask(side.other)
            }
            state = .done
            return outcome == .unreachable ? .fail(side, .unreachable) : .answer(from: side)
        case .second(let side):
            state = .done
            return Self.decide(second: side, outcome)
        }
    }

    /// Whether the reply that is awaited may turn out not to be the answer, so that it must be held until it is
    /// complete.
    @inlinable package var holdsReply: Bool {
        switch state {
        case .first(_, let fallsBack): fallsBack
        case .second: true
        case .ready, .done: false
        }
    }

    @inlinable static func decide(second side: Side, _ outcome: Outcome) -> Action {
        switch outcome {
        case .ok: side == .old ? .answerUnmigrated : .answer(from: side)
        case .absent: .answer(from: side.other)
        case .unreachable: .fail(side, .unreachable)
        // The call's own end, not the side's: it says nothing about the record, and the client knows it by this name.
        case .failed(.deadlineExceeded), .failed(.cancelled): .answer(from: side)
        case .failed(let status): status.judgesRequest ? .answer(from: side) : .fail(side, .failed(status))
        }
    }
}
