/// How a sidecar goes down (contract, section 9): pure, it is told what happens and says what to do.
///
///     serving --signal--> delaying
///     delaying --no client left, delay over, signal--> leaving
///     leaving --no client left, time over, signal--> ended
///
/// While it delays it still serves, but says that it is not ready: who sends calls has the time to send them
/// elsewhere, and the app beside it to end first. Leaving, it tells clients to go and lets their calls end.
struct DrainMachine: ~Copyable {
    enum Event {
        /// SIGTERM or SIGINT.
        case signal
        /// The last client connection has closed.
        case noClients
        /// The timer that was set last has run out.
        case timeOver
    }

    enum Action: Equatable {
        case none
        /// Not ready from now on; set the timer to `drain.delay`.
        case startDelay
        /// Stop listening, send GOAWAY to all clients; set the timer to `drain.timeout`.
        case leave
        /// End what is left, stop.
        case end
    }

    private enum State: ~Copyable {
        case serving
        case delaying
        case leaving
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
        case .leaving:
            self = .init(.ended)
            return .end
        case .ended:
            self = .init(.ended)
            return .none
        }
    }
}
