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
    var interests: [Int32: epoll_event] = [:]

    /// What is ready, in the order of the descriptors.
    func ready(in world: World) -> [epoll_event] {
        interests.keys.sorted().compactMap { number in
            guard var event = interests[number], let descriptor = world.descriptors[number] else { return nil }
            let always = EPOLLERR.rawValue | EPOLLHUP.rawValue
            event.events = descriptor.readiness(in: world) & (event.events | always)
            return event.events == 0 ? nil : event
        }
    }

    func isReady(in world: World) -> Bool {
        let always = EPOLLERR.rawValue | EPOLLHUP.rawValue
        return interests.contains { number, event in
            (world.descriptors[number]?.readiness(in: world) ?? 0) & (event.events | always) != 0
        }
    }
}

// MARK: - Readiness

extension World {
    func makeEpoll() -> Int32 { add(EpollDescriptor()) }

    func control(
        _ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ event: UnsafeMutablePointer<epoll_event>
    ) -> Int32 {
        guard let epoll = descriptors[epoll] as? EpollDescriptor, descriptors[descriptor] != nil else {
            return fail(EBADF)
        }
        switch operation {
        case EPOLL_CTL_DEL: epoll.interests[descriptor] = nil
        default: epoll.interests[descriptor] = event.pointee
        }
        return 0
    }

    func wait(
        _ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ count: Int32, milliseconds: Int32
    ) -> Int32 {
        guard let epoll = descriptors[epoll] as? EpollDescriptor else { return fail(EBADF) }
        let end = milliseconds < 0 ? UInt64.max : now + UInt64(milliseconds) * 1_000_000
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
