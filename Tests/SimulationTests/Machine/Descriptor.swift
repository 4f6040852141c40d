import CLinux
import EventLoop
import Glibc

/// Something open in a process.
class Descriptor {
    var process: SimulatedProcess!

    /// Of EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP.
    func readiness(in world: World) -> UInt32 { 0 }
    func close(in world: World) {}
}

final class EventDescriptor: Descriptor {
    var count: UInt64 = 0

    override func readiness(in world: World) -> UInt32 { count > 0 ? EPOLLIN.rawValue : 0 }
}

final class SignalDescriptor: Descriptor {
    let numbers: Set<Int32>
    var pending: [Int32] = []

    init(numbers: [Int32]) { self.numbers = Set(numbers) }

    override func readiness(in world: World) -> UInt32 { pending.isEmpty ? 0 : EPOLLIN.rawValue }
}

final class EpollDescriptor: Descriptor {
    private struct Interest {
        let number: Int32
        var event: epoll_event
        let descriptor: Descriptor

        /// What the descriptor is ready for, of what is wanted.
        func readiness(in world: World) -> UInt32 {
            descriptor.readiness(in: world) & (event.events | EPOLLERR.rawValue | EPOLLHUP.rawValue)
        }
    }

    /// In the order of the descriptors.
    private var interests: [Interest] = []

    func set(_ event: epoll_event, of number: Int32, _ descriptor: Descriptor) {
        forget(number)
        let index = interests.firstIndex { $0.number > number } ?? interests.count
        interests.insert(Interest(number: number, event: event, descriptor: descriptor), at: index)
    }

    func forget(_ number: Int32) {
        if let index = interests.firstIndex(where: { $0.number == number }) { interests.remove(at: index) }
    }

    /// What is ready, in the order of the descriptors.
    func ready(in world: World) -> [epoll_event] {
        interests.compactMap { interest in
            var event = interest.event
            event.events = interest.readiness(in: world)
            return event.events == 0 ? nil : event
        }
    }

    func isReady(in world: World) -> Bool {
        for interest in interests where interest.readiness(in: world) != 0 { return true }
        return false
    }

    override func close(in world: World) { world.epolls.removeAll { $0 === self } }
}

// MARK: - Readiness

extension World {
    func makeEpoll() -> Int32 {
        let epoll = EpollDescriptor()
        epolls.append(epoll)
        return add(epoll)
    }

    func control(
        _ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ event: UnsafeMutablePointer<epoll_event>
    ) -> Int32 {
        interrupt()
        guard let epoll = descriptors[epoll] as? EpollDescriptor, let watched = descriptors[descriptor] else {
            return fail(EBADF)
        }
        switch operation {
        case EPOLL_CTL_DEL: epoll.forget(descriptor)
        default: epoll.set(event.pointee, of: descriptor, watched)
        }
        return 0
    }

    func wait(
        _ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ count: Int32, milliseconds: Int32
    ) -> Int32 {
        guard let epoll = descriptors[epoll] as? EpollDescriptor else { return fail(EBADF) }
        let end = milliseconds < 0 ? UInt64.max : now + UInt64(milliseconds) * 1_000_000
        interrupt()
        pause(until: end) { [unowned self] in epoll.isReady(in: self) }
        var ready = epoll.ready(in: self)
        // The order of descriptors that are ready together is nobody's promise.
        for index in ready.indices.dropLast() {
            ready.swapAt(index, index + Int(chance.below(UInt64(ready.count - index))))
        }
        for (index, event) in ready.prefix(Int(count)).enumerated() { events[index] = event }
        return Int32(min(ready.count, Int(count)))
    }

    func makeEvent() -> Int32 { add(EventDescriptor()) }

    func poll(_ polled: inout [pollfd], milliseconds: Int32) -> Int32 {
        let end = milliseconds < 0 ? UInt64.max : now + UInt64(milliseconds) * 1_000_000
        let asked = polled
        let ready = { [unowned self] (one: pollfd) -> UInt32 in
            (descriptors[one.fd]?.readiness(in: self) ?? 0) & (UInt32(UInt16(bitPattern: one.events)) | 0x18)
        }
        pause(until: end) { asked.contains { ready($0) != 0 } }
        var count: Int32 = 0
        for index in polled.indices {
            polled[index].revents = Int16(truncatingIfNeeded: ready(polled[index]))
            if polled[index].revents != 0 { count += 1 }
        }
        return count
    }

    func makeSignals(_ numbers: [Int32]) -> Int32 { add(SignalDescriptor(numbers: numbers)) }
}
