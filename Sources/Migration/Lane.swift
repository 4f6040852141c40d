/// What becomes of who enters a lane.
package enum LaneEntry: Sendable, Equatable {
    /// The lane is held by whom entered.
    case entered
    /// The ticket is called when its turn comes.
    case waits
    /// Too many wait already.
    case full
    case closed
}

/// The queue of writes to one record: one at a time, in the order in which they came.
///
///     free --enter--> held --leave, nobody waits--> free
///                     held --leave, somebody waits--> held by the first of them
///                     held --close--> closed --its time has come--> free
///
/// A lane is closed when a write may still take effect though nobody waits for it any more: until it cannot, nothing
/// may be written to the record, and those who wait are sent away.
package struct Lane<Ticket: Sendable>: Sendable {
    private enum State: Sendable {
        case free
        case held
        /// Until this time, monotonic nanoseconds.
        case closed(until: UInt64)
    }

    private var state = State.free
    private var waiting: [(id: UInt64, ticket: Ticket)] = []

    package init() {}

    /// Nobody holds it, waits or is kept out: it need not be remembered.
    package func isIdle(at now: UInt64) -> Bool {
        switch state {
        case .free: true
        case .held: false
        case .closed(let until): until <= now
        }
    }

    package var waitingCount: Int { waiting.count }

    /// A write has it.
    package var isHeld: Bool { if case .held = state { true } else { false } }

    /// How long it stays closed, nanoseconds; 0: it is not.
    package func closedNanoseconds(at now: UInt64) -> UInt64 {
        guard case .closed(let until) = state, until > now else { return 0 }
        return until - now
    }

    /// - Parameter limit: how many may wait at most.
    package mutating func enter(id: UInt64, _ ticket: Ticket, now: UInt64, limit: Int) -> LaneEntry {
        switch state {
        case .closed(let until) where until > now:
            return .closed
        case .free, .closed:
            state = .held
            return .entered
        case .held:
            guard waiting.count < limit else { return .full }
            waiting.append((id, ticket))
            return .waits
        }
    }

    /// Who holds the lane has others go first that take none, and comes before all who wait: it was here before them.
    package mutating func giveWay(id: UInt64, _ ticket: Ticket) {
        guard case .held = state else { return }
        waiting.insert((id, ticket), at: 0)
    }

    /// Who holds the lane leaves it. Returns the ticket that holds it from now on.
    package mutating func leave() -> Ticket? {
        guard case .held = state else { return nil }
        if waiting.isEmpty {
            state = .free
            return nil
        }
        return waiting.removeFirst().ticket
    }

    /// Who waits gives up. False if it does not wait (any more): then the lane is its own to leave.
    package mutating func abandon(id: UInt64) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return false }
        waiting.remove(at: index)
        return true
    }

    /// Who holds the lane leaves it closed. Returns all who waited.
    package mutating func close(until: UInt64) -> [Ticket] {
        guard case .held = state else { return [] }
        state = .closed(until: until)
        defer { waiting = [] }
        return waiting.map(\.ticket)
    }
}
