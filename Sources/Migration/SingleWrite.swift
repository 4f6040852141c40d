/// A write of one side that takes its record's lane, since it had to wait there for the end of a pin.
///
///     ready --start--> asked --any outcome--> done
struct SingleWrite: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case ready
        case asked
        case done
    }

    private let side: Side
    private var state = State.ready

    init(side: Side) { self.side = side }

    mutating func start() -> WriteAction {
        guard state == .ready else { return .unexpected() }
        state = .asked
        return .call(side)
    }

    mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        guard state == .asked else { return .unexpected() }
        state = .done
        return FirstFailure.end(side, outcome) ?? .end(.reply(of: side))
    }
}
