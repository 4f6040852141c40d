import Testing

@testable import Sidecar

@Suite struct DrainMachineTests {
    enum State: CaseIterable { case serving, delaying, leaving, finishing, ended }

    private static let events: [DrainMachine.Event] = [.signal, .empty, .timeOver]

    /// A machine in this state, as events bring it there.
    private func machine(in state: State) -> [DrainMachine.Event] {
        switch state {
        case .serving: []
        case .delaying: [.signal]
        case .leaving: [.signal, .timeOver]
        case .finishing: [.signal, .timeOver, .timeOver]
        case .ended: [.signal, .timeOver, .empty]
        }
    }

    /// Every state and event. While serving only a signal counts: clients come and go, and no timer is set.
    @Test(
        arguments: [
            (.serving, .signal, .startDelay, .delaying), (.serving, .empty, .none, .serving),
            (.serving, .timeOver, .none, .serving), (.delaying, .signal, .leave, .leaving),
            (.delaying, .empty, .leave, .leaving), (.delaying, .timeOver, .leave, .leaving),
            (.leaving, .signal, .endClients, .finishing), (.leaving, .empty, .end, .ended),
            (.leaving, .timeOver, .endClients, .finishing), (.finishing, .signal, .end, .ended),
            (.finishing, .empty, .end, .ended), (.finishing, .timeOver, .end, .ended),
            (.ended, .signal, .none, .ended), (.ended, .empty, .none, .ended), (.ended, .timeOver, .none, .ended),
        ] as [(State, DrainMachine.Event, DrainMachine.Action, State)])
    func table(state: State, event: DrainMachine.Event, action: DrainMachine.Action, next: State) {
        var machine = DrainMachine()
        for event in self.machine(in: state) { _ = machine.take(event) }
        let taken = machine.take(event)
        #expect(taken == action)
        // The state is known by what it does next.
        let following = machine.take(.signal)
        let expected: [State: DrainMachine.Action] = [
            .serving: .startDelay, .delaying: .leave, .leaving: .endClients, .finishing: .end, .ended: .none,
        ]
        #expect(following == expected[next])
    }

    /// Nothing left while it delays, and nothing when it leaves: the two events of an idle sidecar that is
    /// told to end.
    @Test func idleSidecarEndsAtOnce() {
        var machine = DrainMachine()
        let actions = [machine.take(.signal), machine.take(.empty), machine.take(.empty)]
        #expect(actions == [.startDelay, .leave, .end])
    }
}
