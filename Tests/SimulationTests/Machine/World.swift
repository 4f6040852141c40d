import CLinux
import EventLoop
import Glibc

/// The simulated kernel: one machine room in memory, with one clock, one network and one disk, and the processes on it.
///
/// **What it does as Linux does.** Descriptors, level-triggered epoll, stream sockets with windows, Unix sockets, event
/// counters, condition variables, inotify, advisory locks, signals by descriptor.
///
/// **What it does to the code above.**
/// - *Threads* run one at a time. Which one goes on, whenever one waits, is drawn from the seed. By a fault a thread
///   gets no turn for a while, as on a crowded machine, or is interrupted in a call that it makes (of its sockets,
///   epoll, event counters), with locks in hand or not. Between two calls it never is: races of real parallel threads
///   are ThreadSanitizer's.
/// - *Time* stands still while code runs, and jumps to the next thing that is due when all threads wait. A turn takes
///   some microseconds. The time of day jumps back or forward now and then.
/// - *The network* delays each piece of a stream by its own time (in order, as TCP does), splits it at any byte, takes
///   less than was offered, and by a fault stalls, cuts the connection at any byte, or refuses new ones.
/// - *The disk* keeps what was synced. When a process is killed with its machine, each file loses what was written
///   since its last sync, or a part of it, and each folder what changed since its own. Of a database's files, written
///   all over, any sectors may be lost.
/// - *Databases* are SQLite's own code over this disk (`SQLiteFileSystem`). Other processes lock them, read and write
///   them; the disk is full for a while; a kill comes in the middle of a commit.
/// - *A kill* ends a process between two of its calls to the kernel: its threads never run again, its descriptors are
///   closed (peers see resets), its locks are free.
///
/// **What it does not do.** Memory never runs out, bytes never change on the way, a sync that returned holds.
final class World: KernelModel {
    private(set) var now: UInt64 = 1_000_000_000
    var chance: Chance
    let disk = Disk()
    private(set) var threads: [SimulatedThread] = []
    var current: SimulatedThread
    private var nextThread: UInt = 1
    private var nextProcess: Int32 = 100
    /// By descriptor.
    var descriptors: [Int32: Descriptor] = [:]
    private var freeDescriptors: [Int32] = []
    private var nextDescriptor: Int32 = 10
    var conditions: [Kernel.Condition: ConditionState] = [:]
    /// By whom a lock is held.
    private var holders: [Kernel.Mutex: SimulatedThread] = [:]
    var listeners: [String: ListeningSocket] = [:]
    var nextPort: UInt16 = 40_000
    /// Every end of every connection.
    var pairs: [StreamDescriptor] = []
    var deliveries = DeliveryQueue()
    var faults = MachineFaults()
    private(set) var turns: UInt64 = 0
    private var ready: [SimulatedThread] = []
    var epolls: [EpollDescriptor] = []
    /// Of everything that happened, in order: the same seed gives the same.
    private(set) var trace = TraceHash()
    /// Offset of the time of day from the monotonic clock, seconds.
    var dayOffset = 1_790_000_000

    /// A world whose director is the calling thread.
    init(seed: UInt64) {
        chance = Chance(seed: seed)
        let director = SimulatedProcess(number: 1, name: "director")
        current = SimulatedThread(number: 1, process: director)
        threads = [current]
        nextThread = 2
    }

    // MARK: - Processes

    func makeProcess(_ name: String) -> SimulatedProcess {
        nextProcess += 1
        return SimulatedProcess(number: nextProcess, name: name)
    }

    /// Runs `body` as the first thread of a process.
    func start(_ process: SimulatedProcess, _ body: @escaping @Sendable () -> Void) {
        let before = current.process
        current.process = process
        defer { current.process = before }
        let thread = try? SystemThread(name: process.name, body)
        thread?.leave()
    }

    /// Ends a process between two of its calls.
    func kill(_ process: SimulatedProcess, losesUnsynced: Bool) {
        note("kill", UInt64(process.number))
        process.isDead = true
        for (number, descriptor) in descriptors.sorted(by: { $0.key < $1.key }) where descriptor.process === process {
            close(number)
        }
        disk.freeLocks(of: process)
        guard losesUnsynced else { return }
        // Whoever has a file of that machine open is on it.
        for other in disk.users(in: "/\(process.name)/") { kill(other, losesUnsynced: false) }
        disk.crash(in: "/\(process.name)/", &chance)
    }

    func signal(_ process: SimulatedProcess, _ number: Int32) {
        for descriptor in descriptors.values {
            guard let signals = descriptor as? SignalDescriptor, signals.process === process else { continue }
            if signals.numbers.contains(number) { signals.pending.append(number) }
        }
    }

    // MARK: - Turns

    /// Lets others run until `isReady`, or until `end`; true when it is ready.
    @discardableResult
    func pause(until end: UInt64 = .max, _ isReady: @escaping () -> Bool) -> Bool {
        let me = current
        me.waiting = SimulatedThread.Wait(until: end, isReady: isReady)
        giveTurn(from: me)
        me.waiting = nil
        return isReady()
    }

    private func giveTurn(from me: SimulatedThread) {
        let next = choose()
        guard next !== me else { return }
        current = next
        next.turn.post()
        me.turn.wait()
        guard me.process.isDead, me.number != 1 else { return }
        leave(me)
        // It never goes on: what it is in the middle of, a queue or SQLite, cannot be left.
        while true { me.turn.wait() }
    }

    /// The end of the calling thread: whoever gets the turn goes on.
    private func leave(_ me: SimulatedThread) {
        me.hasEnded = true
        threads.removeAll { $0 === me }
        let next = choose()
        current = next
        next.turn.post()
    }

    private func choose() -> SimulatedThread {
        turns += 1
        now += chance.below(5_000)
        takeProcessor()
        while true {
            deliver()
            ready.removeAll(keepingCapacity: true)
            for thread in threads where thread.isReady(at: now) { ready.append(thread) }
            if let first = ready.first {
                let next = ready.count == 1 ? first : ready[Int(chance.below(UInt64(ready.count)))]
                note("turn", UInt64(next.number))
                return next
            }
            var due = deliveries.nextTime
            for thread in threads { due = min(due, thread.wakesAt(after: now)) }
            precondition(due != .max, "all threads wait for ever: \(threads.map(\.description))")
            now = max(now, due)
        }
    }

    /// Now and then a thread gets no turn for a while, whatever is ready for it.
    private func takeProcessor() {
        guard faults.stallOneIn > 0, chance.happens(oneIn: faults.stallOneIn) else { return }
        let thread = chance.pick(threads)
        guard thread.number != 1 else { return }
        thread.stalledUntil = now + chance.below(faults.longestStall)
    }

    /// A call of the thread: others may have a turn before it is made.
    func interrupt() {
        guard let process = faults.interrupted, current.process === process else { return }
        let oneIn = faults.isHardNow() ? faults.hardInterruptOneIn : faults.interruptOneIn
        guard oneIn > 0, chance.happens(oneIn: oneIn) else { return }
        let longest = faults.isHardNow() ? faults.longestInterruption : 1_000_000
        current.stalledUntil = now + chance.below(longest)
        pause { true }
    }

    func note(_ event: StaticString, _ value: UInt64) { trace.add(event, value, now) }

    // MARK: - Threads

    func startThread(
        _ context: UnsafeMutableRawPointer, _ body: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) -> UInt {
        let thread = SimulatedThread(number: nextThread, process: current.process)
        nextThread += 1
        threads.append(thread)
        let start = Unmanaged.passRetained(ThreadStart(world: self, thread: thread, context: context, body: body))
        var real = pthread_t()
        let code = pthread_create(
            &real, nil,
            { memory in
                guard let memory else { return nil }
                Unmanaged<ThreadStart>.fromOpaque(memory).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        precondition(code == 0, "the real system has no thread left")
        pthread_detach(real)
        return thread.number
    }

    fileprivate final class ThreadStart {
        let world: World
        let thread: SimulatedThread
        let context: UnsafeMutableRawPointer
        let body: @convention(c) (UnsafeMutableRawPointer) -> Void

        init(
            world: World, thread: SimulatedThread, context: UnsafeMutableRawPointer,
            body: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
        ) {
            self.world = world
            self.thread = thread
            self.context = context
            self.body = body
        }

        func run() {
            thread.turn.wait()
            if !thread.process.isDead { body(context) }
            world.leave(thread)
        }
    }

    func nameThread(_ name: String) { current.name = name }

    func join(_ thread: UInt) {
        guard let other = threads.first(where: { $0.number == thread }) else { return }
        pause { other.hasEnded }
    }

    func detach(_ thread: UInt) {}

    var currentThread: UInt { current.number }

    // MARK: - Locks and conditions

    func lock(_ mutex: Kernel.Mutex) {
        if !isFree(mutex) { pause { [self] in isFree(mutex) } }
        holders[mutex] = current
    }

    func unlock(_ mutex: Kernel.Mutex) { holders[mutex] = nil }

    private func isFree(_ mutex: Kernel.Mutex) -> Bool { holders[mutex]?.process.isDead ?? true }

    func makeCondition() -> Kernel.Condition {
        let condition = Kernel.Condition.allocate(capacity: 1)
        conditions[condition] = ConditionState()
        return condition
    }

    func free(_ condition: Kernel.Condition) {
        conditions[condition] = nil
        condition.deallocate()
    }

    func wait(_ condition: Kernel.Condition, _ mutex: Kernel.Mutex, until end: UInt64) -> Bool {
        guard let state = conditions[condition] else { return true }
        let ticket = state.enter()
        unlock(mutex)
        let isWoken = pause(until: end) { state.isWoken(ticket) }
        state.leave(ticket)
        lock(mutex)
        return isWoken
    }

    func signal(_ condition: Kernel.Condition) { conditions[condition]?.wakeOne() }
    func broadcast(_ condition: Kernel.Condition) { conditions[condition]?.wakeAll() }

    // MARK: - Clocks and chance

    var monotonicNanoseconds: UInt64 { now }
    var realTime: (seconds: Int, nanoseconds: Int) {
        (Int(now / 1_000_000_000) + dayOffset, Int(now % 1_000_000_000))
    }

    func sleep(nanoseconds: UInt64) { pause(until: now + nanoseconds) { false } }
    func random() -> UInt64 { chance.next() }

    // MARK: - Process

    func ignoreSignals(_ numbers: [Int32]) {}
    var processID: Int32 { current.process.number }
    var descriptorLimit: rlimit { rlimit(rlim_cur: 1_000_000, rlim_max: 1_000_000) }
    func setDescriptorLimit(_ limit: rlimit) {}

    // MARK: - Descriptors

    func add(_ descriptor: Descriptor) -> Int32 {
        descriptor.process = current.process
        let number = freeDescriptors.popLast() ?? nextDescriptor
        if number == nextDescriptor { nextDescriptor += 1 }
        descriptors[number] = descriptor
        return number
    }

    @discardableResult
    func close(_ number: Int32) -> Int32 {
        interrupt()
        guard let descriptor = descriptors.removeValue(forKey: number) else {
            // Closing what is not open is a fault of the code above: a number that another thread may have by now.
            preconditionFailure("\(current.description) closes descriptor \(number), which is not open")
        }
        freeDescriptors.append(number)
        descriptor.close(in: self)
        for epoll in epolls { epoll.forget(number) }
        return 0
    }

    func fail(_ code: Int32) -> Int32 {
        errno = code
        return -1
    }

    func fail(_ code: Int32) -> Int {
        errno = code
        return -1
    }
}
