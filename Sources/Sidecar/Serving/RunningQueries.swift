/// Queries of one migration that have been decided and are not over, told apart by whether the switches have changed
/// since. What a worker has; counted at a call's beginning and end.
struct RunningQueries {
    private(set) var generation: UInt32 = 0
    private var current = 0
    /// Decided before the last change.
    private(set) var stale = 0

    /// The switches change: what runs now was decided before.
    mutating func turn() {
        stale += current
        current = 0
        generation &+= 1
    }

    /// A query is decided; `generation` is to be kept until it is over.
    mutating func began() { current += 1 }

    mutating func ended(generation: UInt32) {
        if generation == self.generation { current -= 1 } else { stale -= 1 }
    }
}
