/// The end of the process, from a signal on.
///
///     serving --signal--> delaying --empty, time over--> leaving --empty--> ended
///                         leaving --time over, signal--> finishing --empty, time over, signal--> ended
///
/// While *delaying* it serves as before, since whoever sends it calls has to hear first that it is not ready. While
/// *leaving* clients are told to go. While *finishing* there are no clients: what is left are writes of both sides,
/// which run to their end, for a write that one side has and the other does not is worse than a late exit. Run by
/// `SidecarProcess`.
struct DrainMachine: ~Copyable {
    enum Event {
        /// SIGTERM or SIGINT.
        case signal
        /// The last client connection has closed, and the last call has ended.
        case empty
        /// The timer that was set last has run out.
        case timeOver
    }

    enum Action: Equatable {
        case none
        /// Not ready from now on; set the timer to `drain.delay`.
        case startDelay
        /// Stop listening, send GOAWAY to all clients; set the timer to `drain.timeout`.
        case leave
        /// Close all client connections; set the timer to `limits.follower_timeout`.
        case endClients
        /// Name what is left, end it, stop.
        case end
    }

    private enum State: ~Copyable {
        case serving
        case delaying
        case leaving
        case finishing
        case ended
    }

    private var state = State.serving

    private init(_ state: consuming State) { self.state = state }
    init() {}

    mutating func take(_ event: Event) -> Action {
        switch consume state {
        case .serving:
            guard event == .signal else {
                self = .init(.serving)
                return .none
            }
            self = .init(.delaying)
            return .startDelay
        case .delaying:
            self = .init(.leaving)
            return .leave
        case .leaving where event == .empty:
            self = .init(.ended)
            return .end
        case .leaving:
            self = .init(.finishing)
            return .endClients
        case .finishing:
            self = .init(.ended)
            return .end
        case .ended:
            self = .init(.ended)
            return .none
        }
    }
}
