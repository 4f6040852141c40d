import CLinux
import EventLoop
import Glibc

/// One look at whether a service answers: connects, and waits for the SETTINGS with which every HTTP/2 server begins.
/// A process that is stopped has its connections taken by the kernel; it sends none. Confined to its loop.
///
///     connecting --connected--> listening --SETTINGS--> ended
///     either --error, end of the connection--> the next address, or ended
final class ServiceProbe {
    private static let opening = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
    private static let frameHeadBytes = 9
    private static let settingsType: UInt8 = 4

    private let loop: UnsafeMutablePointer<EventLoop>
    private var addresses: [SocketAddress]
    private var socket: StreamSocket?
    private var isConnected = false
    private var received: [UInt8] = []
    /// Why the last address failed; nil before one has.
    private(set) var problem: String?
    private var tell: ((Reachability) -> Void)?

    /// - Parameter tell: called once, not before `start`.
    init(
        _ addresses: [SocketAddress], loop: UnsafeMutablePointer<EventLoop>, tell: @escaping (Reachability) -> Void
    ) {
        self.addresses = addresses
        self.loop = loop
        self.tell = tell
    }

    func start() {
        guard !addresses.isEmpty else { return end(.no(problem ?? "the name has no address")) }
        let address = addresses.removeFirst()
        isConnected = false
        received = []
        do throws(SystemError) {
            socket = try StreamSocket(
                descriptor: Sockets.connect(to: address), loop: loop, interest: .writable,
                context: Unmanaged.passUnretained(self).toOpaque()
            ) { context, _ in Unmanaged<ServiceProbe>.fromOpaque(context).takeUnretainedValue().ready() }
        } catch {
            failed("\(error)")
        }
    }

    /// Nothing is told any more.
    func cancel() {
        tell = nil
        socket = nil
    }

    private func ready() {
        if !isConnected {
            if let error = socket?.connectionError() { return failed("\(error)") }
            isConnected = true
            if case .failed(let error)? = Self.opening.withUnsafeBytes({ socket?.send($0) }) {
                return failed("\(error)")
            }
            return
        }
        switch socket?.receive(into: loop.pointee.receiveBuffer) {
        case .bytes(let count)?:
            received += loop.pointee.receiveBuffer.prefix(min(count, Self.frameHeadBytes))
            guard received.count >= Self.frameHeadBytes else { return }
            if received[3] == Self.settingsType { end(.yes) } else { failed("what answers there is no HTTP/2 server") }
        case .ended?: failed("the connection was closed before an answer")
        case .failed(let error)?: failed("\(error)")
        case .wouldBlock?, nil: break
        }
    }

    private func failed(_ reason: String) {
        problem = reason
        socket = nil
        start()
    }

    private func end(_ result: Reachability) {
        socket = nil
        tell?(result)
        tell = nil
    }
}

/// Whether a side answers.
enum Reachability: Sendable, Equatable {
    case yes
    case no(String)
    case unknown(String)

    var name: String {
        switch self {
        case .yes: "yes"
        case .no: "no"
        case .unknown: "unknown"
        }
    }

    var problem: String {
        switch self {
        case .yes: ""
        case .no(let reason), .unknown(let reason): reason
        }
    }
}
