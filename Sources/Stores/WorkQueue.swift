import Glibc

/// A bounded queue from many threads to a few that wait for work.
final class WorkQueue<Work: Sendable>: @unchecked Sendable {
    // Sendable because everything behind the pointers is touched under the mutex alone.
    private struct State {
        var waiting: [Work] = []
        /// How many at the front of `waiting` are taken already.
        var taken = 0
        var isClosed = false
    }

    enum Refusal: Sendable {
        case full
        case closed
    }

    private let limit: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state = State()

    init(limit: Int) {
        self.limit = limit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(arrival, nil)
    }

    deinit {
        pthread_cond_destroy(arrival)
        arrival.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Nil when the work is queued.
    func push(_ work: Work) -> Refusal? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard !state.isClosed else { return .closed }
        guard state.waiting.count - state.taken < limit else { return .full }
        state.waiting.append(work)
        pthread_cond_signal(arrival)
        return nil
    }

    /// Waits for work; nil once the queue is closed and empty.
    func pop() -> Work? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while state.taken == state.waiting.count {
            guard !state.isClosed else { return nil }
            pthread_cond_wait(arrival, mutex)
        }
        let work = state.waiting[state.taken]
        state.taken += 1
        if state.taken == state.waiting.count {
            state.waiting.removeAll(keepingCapacity: true)
            state.taken = 0
        } else if state.taken >= 256 {
            state.waiting.removeFirst(state.taken)
            state.taken = 0
        }
        return work
    }

    /// Takes no more work; what is queued is still handed out.
    func close() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        state.isClosed = true
        pthread_cond_broadcast(arrival)
    }
}
