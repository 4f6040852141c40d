import EventLoop

extension UnsafeMutablePointer<EventLoop> {
    /// Runs `body` once, so many nanoseconds from now. On the loop.
    func after(_ nanoseconds: UInt64, _ body: @escaping () -> Void) {
        let delay = LoopDelay(body)
        arm(delay.timer, at: pointee.now + nanoseconds)
    }
}

/// Runs once, and is gone.
private final class LoopDelay {
    let timer: UnsafeMutablePointer<Timer>
    private let body: () -> Void

    init(_ body: @escaping () -> Void) {
        self.body = body
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: Unmanaged.passRetained(self).toOpaque()) {
                let delay = Unmanaged<LoopDelay>.fromOpaque($0).takeRetainedValue()
                delay.body()
            })
    }

    deinit {
        timer.deinitialize(count: 1)
        timer.deallocate()
    }
}
