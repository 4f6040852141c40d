package import EventLoop
import Glibc

/// The stats port: a small HTTP/1.1 server on a loop that serves no calls. It shows; nothing can be changed through it.
package final class StatsServer {
    /// More are closed at once: a handful of scrapers is what it is for.
    static let maxConnections = 64
    /// What a client may take to send a request or to read an answer, and the longest pause between two requests.
    package static let defaultPatienceNanoseconds: UInt64 = 10_000_000_000

    private let loop: UnsafeMutablePointer<EventLoop>
    private let pages: StatsPages
    private let patienceNanoseconds: UInt64
    private var listener: UnsafeMutablePointer<Listener>?
    private var connections: [ObjectIdentifier: StatsConnection] = [:]
    /// Those that have sent more than was answered, in the order in which their turns come: one has its turn in each
    /// batch of the loop.
    private var waiting: [StatsConnection] = []
    private var hasAskedForTurn = false

    /// Listens on `address`, and serves while `loop` runs. Before it runs, or on its thread; the server must live until
    /// `close`.
    package init(
        address: SocketAddress, loop: UnsafeMutablePointer<EventLoop>, pages: StatsPages,
        patienceNanoseconds: UInt64 = defaultPatienceNanoseconds
    ) throws(SystemError) {
        self.loop = loop
        self.pages = pages
        self.patienceNanoseconds = patienceNanoseconds
        let descriptor = try Sockets.listen(on: address)
        port = address.isUnix ? 0 : Sockets.localPort(of: descriptor)
        listener = try Listener.make(
            descriptor: descriptor, isUnix: address.isUnix, loop: loop,
            context: Unmanaged.passUnretained(self).toOpaque()
        ) { context, descriptor in
            Unmanaged<StatsServer>.fromOpaque(context).takeUnretainedValue().accepted(descriptor)
        }
    }

    /// Where it listens, when the kernel chose the port; 0 for a Unix socket.
    package let port: UInt16

    /// Closes everything. On the loop's thread, or when the loop does not run.
    package func close() {
        listener?.close()
        listener = nil
        for connection in connections.values { connection.close() }
    }

    private func accepted(_ descriptor: Int32) {
        guard connections.count < Self.maxConnections else {
            Kernel.close(descriptor)
            return
        }
        // The descriptor is closed by whoever failed to watch it.
        let connection = try? StatsConnection(
            descriptor, loop: loop, pages: pages, patienceNanoseconds: patienceNanoseconds,
            waits: { [unowned self] in wait($0) }, closed: { [unowned self] in connections[ObjectIdentifier($0)] = nil }
        )
        if let connection { connections[ObjectIdentifier(connection)] = connection }
    }

    private func wait(_ connection: StatsConnection) {
        waiting.append(connection)
        askForTurn()
    }

    /// Mail that is sent now is read in another batch.
    private func askForTurn() {
        guard !hasAskedForTurn, !waiting.isEmpty else { return }
        hasAskedForTurn = true
        let server = Carried(self)
        loop.pointee.mailbox.post { server.value?.takeTurn() }
    }

    /// One that waits again does so at the end of the line.
    private func takeTurn() {
        hasAskedForTurn = false
        while !waiting.isEmpty, !waiting.removeFirst().goOn() {}
        askForTurn()
    }

    private struct Carried: @unchecked Sendable {
        // Sendable because only the loop's thread looks into it.
        weak var value: StatsServer?
        init(_ value: StatsServer) { self.value = value }
    }
}
