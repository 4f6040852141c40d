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
            descriptor, loop: loop, pages: pages, patienceNanoseconds: patienceNanoseconds
        ) { [unowned self] in connections[ObjectIdentifier($0)] = nil }
        if let connection { connections[ObjectIdentifier(connection)] = connection }
    }
}
