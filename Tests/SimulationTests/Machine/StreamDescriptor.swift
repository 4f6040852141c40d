import CLinux
import EventLoop
import Glibc

/// One end of a stream connection.
final class StreamDescriptor: Descriptor {
    enum State: Equatable {
        case unbound
        case bound(String)
        case connecting
        case open
        /// By the peer, or because there was nobody.
        case broken(Int32)
    }

    /// Bytes that are under way or not read yet, at most.
    static let window = 1 << 17

    let family: Int32
    var state = State.unbound
    var address = ""
    unowned(unsafe) var peer: StreamDescriptor?
    var peerProcess: SimulatedProcess?
    var received: [UInt8] = []
    /// Bytes of ours that have not arrived.
    var underWay = 0
    var hasEnded = false
    var hasShutDown = false
    /// When the last piece of ours arrives: the order is kept.
    var lastArrival: UInt64 = 0
    var isClosed = false
    var link = ""

    init(family: Int32) { self.family = family }

    private var room: Int { Self.window - underWay - (peer?.received.count ?? 0) }

    override func readiness(in world: World) -> UInt32 {
        switch state {
        case .open:
            var events: UInt32 = 0
            if !received.isEmpty || hasEnded { events |= EPOLLIN.rawValue }
            if room > 0, !hasShutDown { events |= EPOLLOUT.rawValue }
            return events
        case .broken: return EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue
        case .unbound, .bound, .connecting: return 0
        }
    }

    override func close(in world: World) {
        isClosed = true
        guard let peer else { return }
        // What nobody has read makes the kernel reset the connection, and so does the end of a process.
        if !received.isEmpty || process.isDead {
            world.deliver(.reset(peer), from: self)
        } else if !hasShutDown {
            world.deliver(.end(peer), from: self)
        }
    }

    /// As many bytes as the kernel takes.
    func take(_ bytes: UnsafeRawBufferPointer, in world: World) -> Int {
        var count = min(room, bytes.count)
        if count > 1, world.chance.happens(oneIn: 50) { count = 1 + Int(world.chance.below(UInt64(count - 1))) }
        guard count > 0, let peer else { return 0 }
        var rest = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        while !rest.isEmpty {
            var piece = rest.count
            if piece > 1, world.chance.happens(oneIn: world.faults.splitOneIn) {
                piece = 1 + Int(world.chance.below(UInt64(piece)))
            }
            world.deliver(.bytes(peer, Array(rest[..<piece])), from: self)
            rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
        }
        underWay += count
        return count
    }
}

final class ListeningSocket: Descriptor {
    let address: String
    var waiting: [StreamDescriptor] = []

    init(address: String) { self.address = address }

    override func readiness(in world: World) -> UInt32 { waiting.isEmpty ? 0 : EPOLLIN.rawValue }

    override func close(in world: World) {
        if world.listeners[address] === self { world.listeners[address] = nil }
        for connection in waiting where connection.peer != nil {
            world.deliver(.reset(connection.peer!), from: connection)
        }
    }
}

enum Delivery {
    case bytes(StreamDescriptor, [UInt8])
    case end(StreamDescriptor)
    case reset(StreamDescriptor)
    case connect(StreamDescriptor, String)
}

/// What is under way, earliest first; of one time, in the order in which it was sent.
struct DeliveryQueue {
    private var items: [(time: UInt64, number: UInt64, sender: StreamDescriptor?, delivery: Delivery)] = []
    private var nextNumber: UInt64 = 0

    var nextTime: UInt64 { items.first?.time ?? .max }

    mutating func add(_ delivery: Delivery, sender: StreamDescriptor?, at time: UInt64) {
        nextNumber += 1
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        items.insert((time, nextNumber, sender, delivery), at: low)
    }

    mutating func takeFirst(at now: UInt64) -> (sender: StreamDescriptor?, delivery: Delivery)? {
        guard let first = items.first, first.time <= now else { return nil }
        items.removeFirst()
        return (first.sender, first.delivery)
    }
}

/// What is wrong with the network, by the address that was connected to, and with the processors.
struct MachineFaults {
    /// At one turn in so many some thread gets none for a while, at most so many nanoseconds; 0: never.
    var stallOneIn: UInt64 = 0
    var longestStall: UInt64 = 0
    /// One piece of a stream in so many is taken apart.
    var splitOneIn: UInt64 = 8
    /// The process whose threads are interrupted in their calls, at one in so many; 0: never.
    var interrupted: SimulatedProcess?
    var interruptOneIn: UInt64 = 0
    /// The same while it is hard for it, and for how many nanoseconds at most.
    var hardInterruptOneIn: UInt64 = 0
    var longestInterruption: UInt64 = 0
    var isHardNow: () -> Bool = { false }
    /// Nothing arrives, either way, before this time.
    var stalledUntil: [String: UInt64] = [:]
    /// Nobody is let in before this time.
    var refusedUntil: [String: UInt64] = [:]
}

extension World {
    func deliver(_ delivery: Delivery, from sender: StreamDescriptor) {
        let isUnix = sender.family == AF_UNIX
        var delay = isUnix ? chance.within(2_000...20_000) : chance.within(10_000...300_000)
        if !isUnix, chance.happens(oneIn: 200) { delay += chance.below(40_000_000) }
        let stalled = faults.stalledUntil[sender.link] ?? 0
        let time = max(sender.lastArrival, max(now, stalled) + delay)
        sender.lastArrival = time
        deliveries.add(delivery, sender: sender, at: time)
    }

    /// Everything that is due.
    func deliver() {
        while let (sender, delivery) = deliveries.takeFirst(at: now) { arrive(delivery, from: sender) }
    }

    private func arrive(_ delivery: Delivery, from sender: StreamDescriptor?) {
        switch delivery {
        case .bytes(let target, let bytes):
            note("bytes", UInt64(bytes.count))
            sender?.underWay -= bytes.count
            guard !target.isClosed else {
                if let sender { arrive(.reset(sender), from: nil) }
                return
            }
            if target.state == .open { target.received += bytes }
        case .end(let target):
            note("end", 0)
            target.hasEnded = true
        case .reset(let target):
            note("reset", 0)
            if target.state == .open || target.state == .connecting { target.state = .broken(ECONNRESET) }
            target.received = []
        case .connect(let client, let address):
            guard !client.isClosed, client.state == .connecting else { return }
            guard let listener = listeners[address], (faults.refusedUntil[address] ?? 0) <= now else {
                client.state = .broken(ECONNREFUSED)
                return
            }
            let server = StreamDescriptor(family: client.family)
            server.process = listener.process
            server.state = .open
            server.link = address
            server.peer = client
            server.peerProcess = client.process
            client.peer = server
            client.peerProcess = listener.process
            client.state = .open
            pairs.append(client)
            pairs.append(server)
            listener.waiting.append(server)
            note("connect", UInt64(client.process.number))
        }
    }

    /// Both ends of every connection to `address` are reset, with what is under way.
    func cut(_ address: String) {
        note("cut", UInt64(address.utf8.count))
        for end in pairs where end.link == address && end.state == .open && !end.isClosed {
            end.state = .broken(ECONNRESET)
            end.received = []
        }
    }

    // MARK: - The calls

    func socket(_ family: Int32) -> Int32 { add(StreamDescriptor(family: family)) }

    func socketPair(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        let (one, other) = (StreamDescriptor(family: AF_UNIX), StreamDescriptor(family: AF_UNIX))
        (one.state, other.state) = (.open, .open)
        (one.peer, other.peer) = (other, one)
        (one.peerProcess, other.peerProcess) = (current.process, current.process)
        pairs.append(one)
        pairs.append(other)
        ends[0] = add(one)
        ends[1] = add(other)
        return 0
    }

    /// `unix:PATH` or `HOST:PORT`.
    private func text(_ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> String {
        let bytes = UnsafeRawBufferPointer(start: address, count: Int(size))
        guard address.pointee.sa_family == sa_family_t(AF_UNIX) else {
            return "127.0.0.1:\(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))"
        }
        return "unix:" + String(decoding: bytes[2...].prefix { $0 != 0 }, as: UTF8.self)
    }

    func bind(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
        guard let stream = descriptors[socket] as? StreamDescriptor else { return fail(EBADF) }
        var name = text(address, size)
        if name.hasSuffix(":0") {
            nextPort += 1
            name = "127.0.0.1:\(nextPort)"
        }
        guard listeners[name] == nil else { return fail(EADDRINUSE) }
        if stream.family == AF_UNIX {
            let path = String(name.dropFirst("unix:".count))
            guard disk.entries[path] == nil else { return fail(EADDRINUSE) }
            disk.make(path, kind: .socket, at: now)
        }
        stream.state = .bound(name)
        return 0
    }

    func listen(_ socket: Int32, _ backlog: Int32) -> Int32 {
        guard let stream = descriptors[socket] as? StreamDescriptor, case .bound(let name) = stream.state else {
            return fail(EINVAL)
        }
        let listener = ListeningSocket(address: name)
        listener.process = stream.process
        descriptors[socket] = listener
        listeners[name] = listener
        return 0
    }

    func connect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
        guard let stream = descriptors[socket] as? StreamDescriptor else { return fail(EBADF) }
        let name = text(address, size)
        stream.link = name
        if stream.family == AF_UNIX {
            let path = String(name.dropFirst("unix:".count))
            guard disk.entries[path] != nil else { return fail(ENOENT) }
            guard listeners[name] != nil else { return fail(ECONNREFUSED) }
            stream.state = .connecting
            arrive(.connect(stream, name), from: nil)
            return stream.state == .open ? 0 : fail(ECONNREFUSED)
        }
        stream.state = .connecting
        deliver(.connect(stream, name), from: stream)
        return fail(EINPROGRESS)
    }

    func accept(_ listener: Int32) -> Int32 {
        guard let listening = descriptors[listener] as? ListeningSocket else { return fail(EBADF) }
        guard !listening.waiting.isEmpty else { return fail(EAGAIN) }
        return add(listening.waiting.removeFirst())
    }

    func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {}

    func error(of socket: Int32) -> Int32 {
        guard let stream = descriptors[socket] as? StreamDescriptor else { return EBADF }
        if case .broken(let code) = stream.state { return code }
        return 0
    }

    func localAddress(of socket: Int32) -> sockaddr_storage {
        var storage = sockaddr_storage()
        let name = (descriptors[socket] as? ListeningSocket)?.address ?? ""
        let port = name.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        withUnsafeMutableBytes(of: &storage) {
            $0.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
            $0[2] = UInt8(port >> 8)
            $0[3] = UInt8(port & 0xFF)
        }
        return storage
    }

    func peer(of socket: Int32) -> (process: Int32, user: UInt32)? {
        guard let stream = descriptors[socket] as? StreamDescriptor else { return nil }
        return (stream.peerProcess?.number ?? 0, 0)
    }

    func receive(_ socket: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        interrupt()
        guard let stream = descriptors[socket] as? StreamDescriptor else { return fail(EBADF) }
        if !stream.received.isEmpty {
            let taken = min(count, stream.received.count)
            stream.received.withUnsafeBytes { bytes in
                buffer?.copyMemory(from: bytes.baseAddress!, byteCount: taken)
            }
            stream.received.removeFirst(taken)
            return taken
        }
        switch stream.state {
        case .broken(let code): return fail(code)
        case .open: return stream.hasEnded ? 0 : fail(EAGAIN)
        case .unbound, .bound, .connecting: return fail(ENOTCONN)
        }
    }

    func send(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        interrupt()
        guard let stream = descriptors[socket] as? StreamDescriptor else { return fail(EBADF) }
        switch stream.state {
        case .broken: return fail(EPIPE)
        case .unbound, .bound, .connecting: return fail(ENOTCONN)
        case .open:
            let taken = stream.take(UnsafeRawBufferPointer(start: bytes, count: count), in: self)
            return taken > 0 || count == 0 ? taken : fail(EAGAIN)
        }
    }

    func shutDownWriting(_ socket: Int32) {
        guard let stream = descriptors[socket] as? StreamDescriptor, !stream.hasShutDown else { return }
        stream.hasShutDown = true
        if let peer = stream.peer { deliver(.end(peer), from: stream) }
    }

    /// Names are not resolved: the configuration of a simulation has numbers.
    func resolve(
        _ host: String, _ port: String, _ hints: inout addrinfo, _ list: inout UnsafeMutablePointer<addrinfo>?
    ) -> Int32 {
        getaddrinfo(host == "localhost" ? "127.0.0.1" : host, port, &hints, &list)
    }

    func free(_ list: UnsafeMutablePointer<addrinfo>?) {
        if let list { freeaddrinfo(list) }
    }
}
