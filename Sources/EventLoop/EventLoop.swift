import CLinux
import Glibc

/// A descriptor under the loop's watch and whom to tell when it is ready.
package struct Watch {
    package fileprivate(set) var descriptor: Int32
    fileprivate var interest: UInt32
    fileprivate var ready: @convention(c) (UnsafeMutableRawPointer, UInt32) -> Void
    fileprivate var context: UnsafeMutableRawPointer
    fileprivate var next: UnsafeMutablePointer<Watch>?
}

/// One epoll loop on one thread: descriptors, timers, mail, and one piece of work after each batch.
///
/// A cycle is: wait, tell each ready descriptor's owner, fire what is due, read the mail, then `afterBatch` once:
/// there the sessions that the batch touched are flushed, each with one send. Owners are told by C function pointers
/// with a context, so that the path of a call meets no closure, no reference count and no exclusivity check.
///
/// It lives behind a pointer from `make` to `destroy`. Everything but `mailbox` belongs to the thread that calls `run`.
package struct EventLoop: ~Copyable {
    /// Monotonic nanoseconds, read once after each wait: the time of everything that happens in the batch.
    package fileprivate(set) var now: UInt64
    /// Bytes that arrive are read here, 64 KiB at a time.
    package let receiveBuffer: UnsafeMutableRawBufferPointer
    /// Bytes that leave are gathered here, 256 KiB at a time.
    package let sendBuffer: UnsafeMutableRawBufferPointer
    package let mailbox: Mailbox

    fileprivate let epoll: Int32
    fileprivate let events: UnsafeMutablePointer<epoll_event>
    fileprivate var timers: TimerWheel
    fileprivate var mailWatch: UnsafeMutablePointer<Watch>?
    fileprivate var freeWatches: UnsafeMutablePointer<Watch>?
    fileprivate var closedWatches: UnsafeMutablePointer<Watch>?
    fileprivate var afterBatch: (@convention(c) (UnsafeMutableRawPointer) -> Void)?
    fileprivate var afterBatchContext: UnsafeMutableRawPointer?
    fileprivate var isStopping = false
    fileprivate var thread: UInt?

    /// Some timers are due that this batch has left for the next.
    fileprivate var hasDueTimers = false

    fileprivate static var eventsPerWait: Int32 { 256 }
    /// Timers of one batch: thousands that are due together must not keep others waiting.
    fileprivate static var timersPerBatch: Int { 256 }

    /// A loop that watches nothing but its own mail. Fails when the process is out of descriptors.
    package static func make() throws(SystemError) -> UnsafeMutablePointer<EventLoop> {
        let mailbox = try Mailbox()
        let epoll = Kernel.makeEpoll()
        if epoll < 0 { throw SystemError(call: "epoll_create1") }
        let loop = UnsafeMutablePointer<EventLoop>.allocate(capacity: 1)
        loop.initialize(to: EventLoop(epoll: epoll, mailbox: mailbox))
        do throws(SystemError) {
            loop.pointee.mailWatch = try loop.watch(
                mailbox.descriptor, for: .readable, context: UnsafeMutableRawPointer(loop)
            ) { context, _ in
                context.assumingMemoryBound(to: EventLoop.self).readMail()
            }
        } catch {
            loop.destroy()
            throw error
        }
        return loop
    }

    fileprivate init(epoll: Int32, mailbox: Mailbox) {
        now = Kernel.monotonicNanoseconds
        timers = TimerWheel(now: now / 1_000_000)
        self.epoll = epoll
        self.mailbox = mailbox
        events = .allocate(capacity: Int(Self.eventsPerWait))
        receiveBuffer = .allocate(byteCount: 1 << 16, alignment: 64)
        sendBuffer = .allocate(byteCount: 1 << 18, alignment: 64)
    }

    deinit {
        events.deallocate()
        receiveBuffer.deallocate()
        sendBuffer.deallocate()
        Kernel.close(epoll)
        mailWatch?.deallocate()
        Self.free(list: freeWatches)
        Self.free(list: closedWatches)
    }

    /// What a descriptor is watched for. Errors and hang-ups are always told.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static var readable: Interest { Interest(rawValue: EPOLLIN.rawValue) }
        package static var writable: Interest { Interest(rawValue: EPOLLOUT.rawValue) }
    }

    private static func free(list: UnsafeMutablePointer<Watch>?) {
        var next = list
        while let watch = next {
            next = watch.pointee.next
            watch.deallocate()
        }
    }
}

extension UnsafeMutablePointer<EventLoop> {
    /// Sets what runs once after each batch of events, timers and mail, and before the loop sleeps.
    package func afterEachBatch(
        context: UnsafeMutableRawPointer,
        _ work: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) {
        pointee.afterBatch = work
        pointee.afterBatchContext = context
    }

    /// Runs until `stop`, then runs the mail that is left. The calling thread is the loop's from then on.
    package func run() {
        pointee.thread = Kernel.currentThread
        pointee.isStopping = false
        pointee.now = Kernel.monotonicNanoseconds
        finishBatch()
        while !pointee.isStopping { turn() }
        for message in pointee.mailbox.shut() { message() }
        finishBatch()
        pointee.thread = nil
    }

    /// One batch of `run`. Whoever has a thread to share calls it by itself, and leaves `run` alone.
    @inline(__always)
    package func turn() {
        let count = Kernel.wait(
            pointee.epoll, pointee.events, EventLoop.eventsPerWait, milliseconds: millisecondsToWait())
        pointee.now = Kernel.monotonicNanoseconds
        for index in 0..<Int(max(count, 0)) { dispatch(pointee.events[index]) }
        fireTimers()
        finishBatch()
    }

    /// Ends `run` after the present batch. On the loop's thread only; from elsewhere, post it.
    package func stop() { pointee.isStopping = true }

    /// Frees the loop; its thread must have left `run`. Descriptors still watched stay open: they are their owners'.
    package func destroy() {
        deinitialize(count: 1)
        deallocate()
    }

    /// Whether the caller is on the loop's thread, or the loop is not running: the rule of everything loop-confined.
    package var isCurrent: Bool { pointee.thread.map { $0 == Kernel.currentThread } ?? true }

    // MARK: - Timers

    /// Fires `timer` once `nanoseconds` (monotonic, as `now`) have been reached; never earlier, at most a millisecond
    /// later.
    package func arm(_ timer: UnsafeMutablePointer<Timer>, at nanoseconds: UInt64) {
        assert(isCurrent)
        pointee.timers.arm(timer, at: nanoseconds / 1_000_000 + 1)
    }

    /// Cancels `timer` if it is set.
    package func disarm(_ timer: UnsafeMutablePointer<Timer>) {
        pointee.timers.disarm(timer)
    }

    // MARK: - Descriptors

    /// Watches `descriptor`, level-triggered, and calls `ready(context, epoll events)` whenever it is ready.
    package func watch(
        _ descriptor: Int32,
        for interest: EventLoop.Interest,
        context: UnsafeMutableRawPointer,
        _ ready: @escaping @convention(c) (UnsafeMutableRawPointer, UInt32) -> Void
    ) throws(SystemError) -> UnsafeMutablePointer<Watch> {
        assert(isCurrent)
        let watch = pointee.freeWatches ?? .allocate(capacity: 1)
        if watch == pointee.freeWatches { pointee.freeWatches = watch.pointee.next }
        watch.initialize(
            to: Watch(descriptor: descriptor, interest: interest.rawValue, ready: ready, context: context, next: nil)
        )
        guard control(EPOLL_CTL_ADD, watch) else {
            let error = SystemError(call: "epoll_ctl")
            watch.pointee.next = pointee.freeWatches
            pointee.freeWatches = watch
            throw error
        }
        return watch
    }

    /// Changes what `watch` is told about.
    package func setInterest(_ interest: EventLoop.Interest, of watch: UnsafeMutablePointer<Watch>) {
        assert(isCurrent)
        guard watch.pointee.interest != interest.rawValue else { return }
        watch.pointee.interest = interest.rawValue
        _ = control(EPOLL_CTL_MOD, watch)
    }

    /// Ends the watch and closes its descriptor. Events of this batch that are still to come are not told any more.
    package func close(_ watch: UnsafeMutablePointer<Watch>) {
        assert(isCurrent)
        let descriptor = watch.pointee.descriptor
        guard descriptor >= 0 else { return }
        _ = control(EPOLL_CTL_DEL, watch)
        Kernel.close(descriptor)
        watch.pointee.descriptor = -1
        watch.pointee.next = pointee.closedWatches
        pointee.closedWatches = watch
    }

    // MARK: - The cycle's parts

    private func control(_ operation: Int32, _ watch: UnsafeMutablePointer<Watch>) -> Bool {
        var event = epoll_event()
        event.events = watch.pointee.interest
        event.data.ptr = UnsafeMutableRawPointer(watch)
        return Kernel.control(pointee.epoll, operation, watch.pointee.descriptor, &event) == 0
    }

    /// Rounded up, so that a timer is due when the wait for it is over.
    private func millisecondsToWait() -> Int32 {
        if pointee.hasDueTimers { return 0 }
        guard let tick = pointee.timers.nextTick else { return -1 }
        let nowTick = pointee.now / 1_000_000
        return tick <= nowTick ? 0 : Int32(min(tick - nowTick, 60_000))
    }

    private func dispatch(_ event: epoll_event) {
        guard let context = event.data.ptr else { return }
        let watch = context.assumingMemoryBound(to: Watch.self)
        guard watch.pointee.descriptor >= 0 else { return }
        watch.pointee.ready(watch.pointee.context, event.events)
    }

    private func fireTimers() {
        let tick = pointee.now / 1_000_000
        pointee.hasDueTimers = false
        for _ in 0..<EventLoop.timersPerBatch {
            guard let timer = pointee.timers.popExpired(at: tick) else { return }
            timer.pointee.fire(timer.pointee.context)
        }
        // Whether there are more shows when the next batch looks.
        pointee.hasDueTimers = true
    }

    fileprivate func readMail() {
        for message in pointee.mailbox.takeAll() { message() }
    }

    private func finishBatch() {
        if let work = pointee.afterBatch, let context = pointee.afterBatchContext { work(context) }
        while let watch = pointee.closedWatches {
            pointee.closedWatches = watch.pointee.next
            watch.pointee.next = pointee.freeWatches
            pointee.freeWatches = watch
        }
    }
}
