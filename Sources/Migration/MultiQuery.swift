package import WireFormat

/// Finds many records on one side or on both, and merges what both say into one page.
///
///     ready --one side----> relaying --reply--------------------------------------> done
///     ready --both sides--> asking --all pages in--> lookingUp --all look-ups in--> done
///                             ^        no suspects: done       page too short         |
///                             +--------------- a side had more -----------------------+
///
/// Each row belongs to the answer when its record's authority returned it, or when only the follower did and the
/// authority, asked by key, does not have the record: so a copy that is stale in the columns of filter or order
/// neither hides nor doubles a record. Rows are taken in the order of their positions, never past the end of what a
/// side with more has said. Both sides go on after one position in the order, so a complete walk passes every row of
/// either side once.
///
/// An event that the state does not expect (a late reply, a second start) is a fault of who runs it, which ends a debug
/// build. The shell keeps what it needs to relay a side's own failure. Which failures become which status is the
/// shell's to say. Run by `QueryOperation`.
package struct MultiQuery: ~Copyable {
    package typealias SideFailure = SingleQuery.SideFailure

    /// Which sides the switches say to ask.
    package enum Sides: Sendable, Equatable {
        case one(Side)
        /// The stage of every row; nil where each row's own gray key decides.
        case both(Stage?)
    }

    package enum Reply: Sendable, Equatable {
        case message([UInt8])
        case failed(GRPCStatus)
        /// No reply and none to be expected.
        case unreachable
    }

    /// One call to a side.
    package struct Ask: Sendable, Equatable {
        package let side: Side
        /// The path of the look-up's method; nil for the query's own.
        package let method: String?
        package let message: [UInt8]
    }

    package enum Action: Sendable, Equatable {
        /// One or two calls, at once.
        case ask([Ask])
        /// The answer, and the side whose say is missing from it.
        case answer([UInt8], partial: Side?)
        /// This side's reply, which has just arrived, goes to the client as it is.
        case relay(from: Side)
        /// The same, with this message in place of its own.
        case pass([UInt8], from: Side)
        /// `UNAVAILABLE` goes to the client, naming the side.
        case fail(Side, SideFailure)
        case refuse(Refusal)
        /// Another reply is awaited.
        case wait
        /// The event was not expected in this state: nothing is to be done.
        case ignore

        static func unexpected() -> Action {
            assertionFailure("a query for many records is told of what its state does not expect")
            return .ignore
        }
    }

    /// Why the call ends without any side having failed it.
    package enum Refusal: Error, Equatable {
        /// `INVALID_ARGUMENT`: the request is no protobuf message.
        case malformedRequest(RowFault)
        /// `INVALID_ARGUMENT`: a page token of another request, or altered.
        case token
        /// `INVALID_ARGUMENT`: rows do not tell their gray key, so the request has to.
        case grayKeyMissing
        /// `ABORTED` `walk-interrupted`: the page token was given when other sides were asked.
        case walkInterrupted
        /// The side's answer breaks what the plan says of it; `AnswerFault.unsorted` is `unsorted-side`.
        case fault(Side, AnswerFault)
        /// The sides answered only empty pages, and there is no place to go on from.
        case noProgress
    }

    enum State: Sendable, Equatable {
        case ready
        case relaying(Side)
        case asking(awaited: SideSet)
        case lookingUp(awaited: SideSet)
        case done
    }

    /// How often the sides are asked for pages at most; then the page is short and its token goes on.
    static let maxRounds = 16
    /// Answers of the sides are held until the page is done; with more than this many bytes none is asked for any more.
    static let maxHeldBytes = 16 << 20

    let plan: MultiQueryPlan
    let sides: Sides
    /// Sides whose failure leaves a partial answer.
    let mayMiss: SideSet
    /// The most bytes of rows in an answer, but for one row; a page beyond is cut, if there are tokens to go on with.
    let maxAnswerBytes: Int
    var state = State.ready
    var request: PagedRequest?
    /// The position after which the walk goes on, from the client's page token.
    var cursor: [UInt8]?
    /// How many rows the page has at most; nil leaves it to the sides.
    var limit: Int?
    /// The client's limit where it is below 0, as the sides are asked with it.
    var negativeLimit: UInt64?
    var old = MergeWindow(side: .old, continuation: .end)
    var new = MergeWindow(side: .new, continuation: .end)
    var merge = RowMerge()
    var suspectsOfOld: Suspects?
    var suspectsOfNew: Suspects?
    var rounds = 0
    package internal(set) var tally = MergeTally()

    package init(plan: MultiQueryPlan, sides: Sides, mayMiss: SideSet = [], maxAnswerBytes: Int = .max) {
        self.plan = plan
        self.sides = sides
        self.mayMiss = mayMiss
        self.maxAnswerBytes = plan.rows.paging.tokens == .none ? .max : maxAnswerBytes
    }

    /// Reads the request and asks.
    package mutating func start(request message: [UInt8]) -> Action {
        guard case .ready = state else { return .unexpected() }
        state = .done
        let request: PagedRequest
        do throws(RowFault) {
            request = try PagedRequest(message, paging: plan.rows.paging)
        } catch {
            return .refuse(.malformedRequest(error))
        }
        self.request = request
        switch sides {
        case .one(let side): return startRelaying(side, request)
        case .both(let stage):
            guard stage != nil || plan.rows.grayKey != nil else { return .refuse(.grayKeyMissing) }
            do throws(Refusal) {
                try begin(request)
            } catch {
                return .refuse(error)
            }
            return askPages(of: .both)
        }
    }

    /// A side has replied to what it was asked last, or cannot.
    package mutating func replied<Stages: RowStages & ~Copyable>(
        _ side: Side, _ reply: Reply, stages: borrowing Stages
    ) -> Action {
        switch state {
        case .ready, .done: return .unexpected()
        case .relaying(let asked):
            guard side == asked else { return .unexpected() }
            state = .done
            return relay(reply, from: side)
        case .asking(var awaited):
            guard awaited.contains(side) else { return .unexpected() }
            awaited.remove(side)
            state = .asking(awaited: awaited)
            if let end = take(page: reply, of: side, awaited: awaited, stages: stages) { return end }
            return awaited.isEmpty ? mergePages() : .wait
        case .lookingUp(var awaited):
            guard awaited.contains(side) else { return .unexpected() }
            awaited.remove(side)
            state = .lookingUp(awaited: awaited)
            if let end = take(lookUp: reply, of: side) { return end }
            return awaited.isEmpty ? settle() : .wait
        }
    }

    mutating func end(_ action: Action) -> Action {
        state = .done
        return action
    }
}
