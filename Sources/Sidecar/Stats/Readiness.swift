/// Whether the sidecar should be sent calls, and why not. A value; the process keeps the present one in a
/// `StatusBoard`.
package struct Readiness: Sendable, Equatable {
    package enum State: Int, Sendable {
        /// Before the data port listens.
        case starting
        case serving
        /// From the signal to the end.
        case draining
    }

    package var state = State.starting
    /// Migrations without switches; every call of them is refused.
    package var withoutSwitches: [String] = []
    /// All client connections that may be have calls, and another had to be refused.
    package var isTurningAway = false

    package init(state: State = .starting, withoutSwitches: [String] = []) {
        self.state = state
        self.withoutSwitches = withoutSwitches
    }

    package var isReady: Bool { state == .serving && withoutSwitches.isEmpty && !isTurningAway }

    /// One line for a person.
    package var reason: String {
        switch state {
        case .starting: "starting"
        case .draining: "draining"
        case .serving where isReady: "ready"
        case .serving where withoutSwitches.isEmpty:
            "all client connections that may be (limits.connections) have calls; another was refused"
        case .serving: "no switches for \(withoutSwitches.joined(separator: ", "))"
        }
    }

    /// Whether one migration's calls are served: the health of the service of its name.
    package func isReady(migration: String) -> Bool { state == .serving && !withoutSwitches.contains(migration) }
}
