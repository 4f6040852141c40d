import EventLoop
import Glibc
import HTTP2

/// The gRPC server of the control socket: `switchover.v1.Control`, `grpc.health.v1` and server reflection.
///
/// The socket is a file that only its owner may open (mode 0600): the operating system says who controls the sidecar.
final class ControlServer {
    /// For a further one, the oldest that has no call is closed, else the oldest whose calls only watch; with a command
    /// on each, the new one is.
    static let maxConnections = 64

    private let loop: UnsafeMutablePointer<EventLoop>
    private let pool: UnsafeMutablePointer<SessionPool>
    private let services: ControlServices
    private let board: StatusBoard
    private let path: String
    private var listener: UnsafeMutablePointer<Listener>?
    private var connections: [ObjectIdentifier: ControlConnection] = [:]
    private var acceptedCount: UInt64 = 0

    /// Listens at `path`, and serves while `loop` runs; the end of each of its batches is this server's. Before it
    /// runs; the server must live until `close`. Fails with `EADDRINUSE` when somebody listens there already, and with
    /// `ENAMETOOLONG`.
    init(
        path: String, loop: UnsafeMutablePointer<EventLoop>, migrations: [String], board: StatusBoard,
        switches: (any Commands)? = nil
    ) throws(SystemError) {
        guard let address = SocketAddress(unixPath: path) else { throw SystemError(call: "bind", code: ENAMETOOLONG) }
        let descriptor = try Sockets.listen(on: address)
        var limits = SessionLimits()
        limits.streams = 32
        self.loop = loop
        self.path = path
        self.board = board
        pool = SessionPool.make(limits: limits)
        let reflection = ReflectionService()
        let health = HealthService(migrations: migrations, services: reflection.services)
        services = ControlServices(health: health, reflection: reflection, switches: switches)
        let context = Unmanaged.passUnretained(self).toOpaque()
        listener = try Listener.make(descriptor: descriptor, isUnix: true, loop: loop, context: context) {
            Unmanaged<ControlServer>.fromOpaque($0).takeUnretainedValue().accepted($1)
        }
        loop.afterEachBatch(context: context) {
            Unmanaged<ControlServer>.fromOpaque($0).takeUnretainedValue().flushSessions()
        }
        let server = Carried(self)
        board.watch(on: loop.pointee.mailbox) { server.value?.readinessChanged($0) }
    }

    deinit {
        precondition(listener == nil, "a control server must be closed before it goes")
        pool.destroy()
    }

    /// Closes everything and removes the socket's file. When the loop no longer runs.
    func close() {
        guard let listener else { return }
        Kernel.unlink(path)
        listener.close()
        self.listener = nil
        for connection in connections.values { connection.close() }
    }

    private func accepted(_ descriptor: Int32) {
        if connections.count >= Self.maxConnections { closeOldest() }
        guard connections.count < Self.maxConnections else {
            Kernel.close(descriptor)
            return
        }
        acceptedCount += 1
        // The descriptor is closed by whoever failed to watch it.
        let connection = try? ControlConnection(
            descriptor, number: acceptedCount, loop: loop, pool: pool, services: services, board: board
        ) { [unowned self] in connections[ObjectIdentifier($0)] = nil }
        if let connection { connections[ObjectIdentifier(connection)] = connection }
    }

    /// Clients that were left open, or that watch, must not keep an operator out.
    private func closeOldest() {
        let idle = connections.values.filter(\.isIdle)
        let candidates = idle.isEmpty ? connections.values.filter(\.mayGiveWay) : idle
        candidates.min { $0.number < $1.number }?.close()
    }

    private func flushSessions() {
        pool.pointee.now = loop.pointee.now
        while let session = pool.popDirty() {
            Unmanaged<ControlConnection>.fromOpaque(session.pointee.owner).takeUnretainedValue().flush()
        }
    }

    private func readinessChanged(_ readiness: Readiness) {
        for connection in connections.values { connection.readinessChanged(readiness) }
    }

    private struct Carried: @unchecked Sendable {
        // Sendable because only the loop's thread looks into it.
        weak var value: ControlServer?
        init(_ value: ControlServer) { self.value = value }
    }
}
