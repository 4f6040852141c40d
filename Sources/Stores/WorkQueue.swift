import EventLoop

/// A bounded queue from many threads to a few that wait for work.
final class WorkQueue<Work: Sendable>: Sendable {
    private struct State {
        var waiting: [Work] = []
        /// How many at the front of `waiting` are taken already.
        var taken = 0
        var isClosed = false

        mutating func takeNext() -> Work {
            let work = waiting[taken]
            taken += 1
            if taken == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                taken = 0
            } else if taken >= 256 {
                waiting.removeFirst(taken)
                taken = 0
            }
            return work
        }
    }

    enum Refusal: Sendable {
        case full
        case closed
    }

    private let limit: Int
    private let state = Monitor(State())

    init(limit: Int) { self.limit = limit }

    /// Nil when the work is queued.
    func push(_ work: Work) -> Refusal? {
        state.change { state in
            guard !state.isClosed else { return .closed }
            guard state.waiting.count - state.taken < limit else { return .full }
            state.waiting.append(work)
            return nil
        }
    }

    /// Takes no more work; what is queued is still handed out.
    func close() { state.changeForAll { $0.isClosed = true } }

    /// The same, and hands out no more: returns what was queued.
    func empty() -> [Work] {
        state.changeForAll { state in
            state.isClosed = true
            let left = Array(state.waiting[state.taken...])
            (state.waiting, state.taken) = ([], 0)
            return left
        }
    }

    /// Waits for work; nil once the queue is closed and empty.
    func pop() -> Work? {
        state.wait { state -> Work?? in
            if state.taken < state.waiting.count { return state.takeNext() }
            return state.isClosed ? .some(nil) : nil
        } ?? nil
    }
}
