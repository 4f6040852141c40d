import CLinux
import Glibc

/// A listening socket on a loop: hands each accepted descriptor to its owner, and backs off when the process is out
/// of them.
///
/// Out of descriptors or memory, the listener is not watched for `pause` and then tried again: connections wait in
/// the kernel's backlog, nothing dies and nothing spins.
package struct Listener: ~Copyable {
    package typealias Accepted = @convention(c) (UnsafeMutableRawPointer, Int32) -> Void
    package typealias Starved = (UnsafeMutableRawPointer, SystemError) -> Void

    private static var pauseNanoseconds: UInt64 { 50_000_000 }
    /// Accepted in one go, so that a flood of connections does not starve the calls of the loop.
    private static var connectionsPerBatch: Int { 64 }

    private let loop: UnsafeMutablePointer<EventLoop>
    private let descriptor: Int32
    private let isUnix: Bool
    private let context: UnsafeMutableRawPointer
    private let accepted: Accepted
    private let starved: Starved?
    private var watch: UnsafeMutablePointer<Watch>?
    private let timer: UnsafeMutablePointer<Timer>
    /// How often accepting failed for want of descriptors or memory.
    package private(set) var refusals: UInt64 = 0

    /// Listens with `descriptor` (non-blocking, listening; taken over, and closed on failure), and calls
    /// `accepted(context, descriptor)`, which must not close the listener. `starved(context, why)`, which must not
    /// either, is told of each failure to accept.
    package static func make(
        descriptor: Int32,
        isUnix: Bool,
        loop: UnsafeMutablePointer<EventLoop>,
        context: UnsafeMutableRawPointer,
        starved: Starved? = nil,
        accepted: @escaping Accepted
    ) throws(SystemError) -> UnsafeMutablePointer<Listener> {
        let listener = UnsafeMutablePointer<Listener>.allocate(capacity: 1)
        let timer = UnsafeMutablePointer<Timer>.allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: listener) { $0.assumingMemoryBound(to: Listener.self).pointee.resume() }
        )
        listener.initialize(
            to: Listener(
                loop: loop, descriptor: descriptor, isUnix: isUnix, context: context, accepted: accepted,
                starved: starved, timer: timer
            )
        )
        do throws(SystemError) {
            listener.pointee.watch = try loop.watch(descriptor, for: .readable, context: listener) { context, _ in
                context.assumingMemoryBound(to: Listener.self).pointee.acceptWaiting()
            }
        } catch {
            listener.close()
            Kernel.close(descriptor)
            throw error
        }
        return listener
    }

    private init(
        loop: UnsafeMutablePointer<EventLoop>, descriptor: Int32, isUnix: Bool, context: UnsafeMutableRawPointer,
        accepted: @escaping Accepted, starved: Starved?, timer: UnsafeMutablePointer<Timer>
    ) {
        self.loop = loop
        self.descriptor = descriptor
        self.isUnix = isUnix
        self.context = context
        self.accepted = accepted
        self.starved = starved
        self.timer = timer
    }

    /// Stops listening and closes the socket.
    deinit {
        loop.disarm(timer)
        timer.deallocate()
        if let watch { loop.close(watch) }
    }

    private mutating func acceptWaiting() {
        for _ in 0..<Self.connectionsPerBatch {
            do throws(SystemError) {
                guard let connection = try Sockets.accept(from: descriptor, isUnix: isUnix) else { return }
                accepted(context, connection)
            } catch {
                pause()
                starved?(context, error)
                return
            }
        }
    }

    private mutating func pause() {
        refusals += 1
        if let watch { loop.setInterest([], of: watch) }
        loop.arm(timer, at: loop.pointee.now + Self.pauseNanoseconds)
    }

    private mutating func resume() {
        if let watch { loop.setInterest(.readable, of: watch) }
    }
}

extension UnsafeMutablePointer<Listener> {
    /// Stops listening, closes the socket, frees the listener.
    package func close() {
        deinitialize(count: 1)
        deallocate()
    }
}
