import WireFormat

/// Asking the sides for pages, and what their failures mean.
extension MultiQuery {
    /// Asks sides that have more for a page each; with nothing to ask for, what is there is merged.
    mutating func askPages(of chosen: SideSet) -> Action {
        let asked = [Side.old, .new].filter { chosen.contains($0) && window($0).hasMore }
        guard !asked.isEmpty else { return mergePages() }
        state = .asking(awaited: asked.reduce([]) { $0.union(SideSet($1)) })
        rounds += 1
        return .ask(asked.map { page(of: $0) })
    }

    private mutating func page(of side: Side) -> Ask {
        let tokens = plan.rows.paging.tokens
        let (limit, token) =
            switch side {
            case .old: old.ask(limit: limit, tokens: tokens)
            case .new: new.ask(limit: limit, tokens: tokens)
            }
        let message = request?.asking(limit: negativeLimit ?? limit.map { UInt64($0) }, token: token) ?? []
        return Ask(side: side, method: nil, message: message)
    }

    /// Takes a page into its window; an action if that ends the call.
    mutating func take<Stages: RowStages & ~Copyable>(
        page reply: Reply, of side: Side, awaited: SideSet, stages: borrowing Stages
    ) -> Action? {
        let failure: SideFailure
        switch reply {
        case .message(let message): return receive(message, from: side, stages)
        case .failed(let status): failure = .failed(status)
        case .unreachable: failure = .unreachable
        }
        return note(failure, of: side, awaited: awaited)
    }

    private mutating func receive<Stages: RowStages & ~Copyable>(
        _ message: [UInt8], from side: Side, _ stages: borrowing Stages
    ) -> Action? {
        let stage: Stage? = if case .both(let stage) = sides { stage } else { nil }
        do throws(AnswerFault) {
            switch side {
            case .old: try old.receive(message, plan: plan.rows, cursor: cursor, stage: stage, stages: stages)
            case .new: try new.receive(message, plan: plan.rows, cursor: cursor, stage: stage, stages: stages)
            }
        } catch {
            return end(.refuse(.fault(side, error)))
        }
        // The other side has refused the request; this one has not.
        guard let failure = window(side.other).failure, !mayMiss.contains(side.other) else { return nil }
        return end(.fail(side.other, failure))
    }

    /// A side that fails fails the call, unless it may miss; a request that both sides refuse alike is the client's
    /// fault, so its refusal is waited for and handed on.
    mutating func note(_ failure: SideFailure, of side: Side, awaited: SideSet) -> Action? {
        let earlier = window(side.other).failure
        // A side that may be missing was given less time than the call has.
        if failure.isCallsOwnEnd, !mayMiss.contains(side) { return end(.relay(from: side)) }
        if let earlier {
            return end(earlier == failure && failure.isRefusal ? .relay(from: side) : .fail(side.other, earlier))
        }
        switch side {
        case .old: old.failure = failure
        case .new: new.failure = failure
        }
        if mayMiss.contains(side) { return nil }
        if failure.isRefusal, awaited.contains(side.other) { return nil }
        return end(.fail(side, failure))
    }

    func window(_ side: Side) -> MergeWindow { side == .old ? old : new }
}

extension SingleQuery.SideFailure {
    /// The deadline, or the client's cancel: it says nothing of the side.
    fileprivate var isCallsOwnEnd: Bool { self == .failed(.deadlineExceeded) || self == .failed(.cancelled) }

    /// A status by which a side judges the request, or what it asks for, and not itself.
    fileprivate var isRefusal: Bool {
        switch self {
        case .failed(let status): status.judgesRequest || status == .notFound || status == .alreadyExists
        case .unreachable: false
        }
    }
}
