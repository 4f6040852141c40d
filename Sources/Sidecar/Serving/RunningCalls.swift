/// Calls of one migration that have been decided and are not over, told apart by whether the switches have changed
/// since.
struct RunningCalls {
    private(set) var generation: UInt32 = 0
    private var writes = 0
    private var queries = 0
    private(set) var staleWrites = 0
    private(set) var staleQueries = 0

    /// The switches change: what runs now was decided before.
    mutating func turn() {
        staleWrites += writes
        staleQueries += queries
        writes = 0
        queries = 0
        generation &+= 1
    }

    /// A call is decided; `generation` is to be kept until it is over.
    mutating func began(isWrite: Bool) {
        if isWrite { writes += 1 } else { queries += 1 }
    }

    mutating func ended(isWrite: Bool, generation: UInt32) {
        switch (generation == self.generation, isWrite) {
        case (true, true): writes -= 1
        case (true, false): queries -= 1
        case (false, true): staleWrites -= 1
        case (false, false): staleQueries -= 1
        }
    }
}
