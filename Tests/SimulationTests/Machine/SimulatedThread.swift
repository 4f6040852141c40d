import Glibc

/// Some threads, descriptors and files that live and die together.
final class SimulatedProcess {
    let number: Int32
    /// Its files are in the folder of this name.
    let name: String
    var isDead = false
    /// What it wrote to standard output and error.
    var console: [UInt8] = []

    init(number: Int32, name: String) {
        self.number = number
        self.name = name
    }

    var consoleText: String { String(decoding: console, as: UTF8.self) }
}

/// A thread that runs when it has the turn.
final class SimulatedThread: CustomStringConvertible {
    struct Wait {
        let until: UInt64
        let isReady: () -> Bool
    }

    let number: UInt
    var process: SimulatedProcess
    let turn = Turn()
    var name = ""
    /// Nil: it has not waited yet, or has the turn.
    var waiting: Wait?
    var hasEnded = false
    /// It gets no turn before this time.
    var stalledUntil: UInt64 = 0

    init(number: UInt, process: SimulatedProcess) {
        self.number = number
        self.process = process
    }

    func isReady(at now: UInt64) -> Bool {
        if process.isDead { return true }
        guard stalledUntil <= now else { return false }
        guard let waiting else { return true }
        return waiting.until <= now || waiting.isReady()
    }

    /// When it is to be looked at again, if nothing else happens.
    func wakesAt(after now: UInt64) -> UInt64 { stalledUntil > now ? stalledUntil : waiting?.until ?? .max }

    var description: String { "\(process.name)/\(name) (\(number))" }
}

/// What a real thread waits on until its simulated one may go on.
final class Turn {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}

final class ConditionState {
    private var waiting: [UInt64] = []
    private var woken: Set<UInt64> = []
    private var nextTicket: UInt64 = 0

    func enter() -> UInt64 {
        nextTicket += 1
        waiting.append(nextTicket)
        return nextTicket
    }

    func leave(_ ticket: UInt64) {
        waiting.removeAll { $0 == ticket }
        woken.remove(ticket)
    }

    func isWoken(_ ticket: UInt64) -> Bool { woken.contains(ticket) }
    func wakeOne() { if !waiting.isEmpty { woken.insert(waiting.removeFirst()) } }

    func wakeAll() {
        woken.formUnion(waiting)
        waiting = []
    }
}

/// SplitMix64: all that is drawn comes from one seed.
struct Chance {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 0 for 0.
    mutating func below(_ limit: UInt64) -> UInt64 { limit == 0 ? 0 : next() % limit }
    mutating func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }
    mutating func happens(oneIn times: UInt64) -> Bool { below(times) == 0 }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int(below(UInt64(elements.count)))] }
}

/// FNV-1a over what happened.
struct TraceHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325
    /// The last events, newest last, where they are kept.
    var lines: [String]?

    mutating func add(_ event: StaticString, _ number: UInt64, _ time: UInt64) {
        mix(UInt64(event.utf8CodeUnitCount))
        mix(number)
        mix(time)
        lines?.append("\(time) \(event) \(number)")
    }

    private mutating func mix(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            value = (value ^ ((number >> shift) & 0xFF)) &* 0x100_0000_01B3
        }
    }
}
