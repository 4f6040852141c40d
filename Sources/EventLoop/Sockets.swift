import CLinux
import Glibc

/// Making sockets: listening, and connecting without waiting. All are non-blocking and closed on exec.
package enum Sockets {
    /// A listening socket. A Unix socket's left-over file, one that nobody answers on, is replaced; it gets `mode`.
    package static func listen(on address: SocketAddress, backlog: Int32 = 1024, mode: UInt32 = 0o600)
        throws(SystemError) -> Int32
    {
        let descriptor = try make(address)
        Kernel.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if address.isUnix { removeAbandoned(address) }
        let previous = address.isUnix ? Kernel.setMask(0o777 & ~mode) : 0
        defer { if address.isUnix { Kernel.setMask(previous) } }
        guard address.withSockaddr({ Kernel.bind(descriptor, $0, $1) }) == 0 else { throw closing(descriptor, "bind") }
        guard Kernel.listen(descriptor, backlog) == 0 else { throw closing(descriptor, "listen") }
        return descriptor
    }

    /// A socket whose connect is under way or done: it is writable when there is an outcome
    /// (`StreamSocket.connectionError`).
    package static func connect(to address: SocketAddress) throws(SystemError) -> Int32 {
        let descriptor = try make(address)
        setStreamOptions(descriptor, isUnix: address.isUnix)
        let status = address.withSockaddr { Kernel.connect(descriptor, $0, $1) }
        if status == 0 || errno == EINPROGRESS { return descriptor }
        throw closing(descriptor, "connect")
    }

    /// The next waiting connection; nil when there is none just now.
    package static func accept(from listener: Int32, isUnix: Bool) throws(SystemError) -> Int32? {
        while true {
            let descriptor = Kernel.accept(listener)
            if descriptor >= 0 {
                setStreamOptions(descriptor, isUnix: isUnix)
                return descriptor
            }
            switch errno {
            case EINTR, ECONNABORTED, EPROTO: continue
            case EAGAIN: return nil
            default: throw SystemError(call: "accept4")
            }
        }
    }

    /// The port the kernel chose for a socket bound to port 0.
    package static func localPort(of descriptor: Int32) -> UInt16 {
        withUnsafeBytes(of: Kernel.localAddress(of: descriptor)) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    }

    /// Two connected Unix stream sockets.
    package static func pair() throws(SystemError) -> (Int32, Int32) {
        var descriptors: [Int32] = [0, 0]
        guard Kernel.socketPair(&descriptors) == 0 else { throw SystemError(call: "socketpair") }
        return (descriptors[0], descriptors[1])
    }

    private static func make(_ address: SocketAddress) throws(SystemError) -> Int32 {
        let descriptor = Kernel.socket(address.family)
        if descriptor < 0 { throw SystemError(call: "socket") }
        return descriptor
    }

    /// No delay, since a flush is one send already; a peer that is gone without a word is noticed within about 20
    /// seconds.
    private static func setStreamOptions(_ descriptor: Int32, isUnix: Bool) {
        guard !isUnix else { return }
        let tcp = Int32(IPPROTO_TCP)
        let options: [(level: Int32, name: Int32, value: Int32)] = [
            (tcp, TCP_NODELAY, 1), (tcp, TCP_USER_TIMEOUT, 20_000),
            (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 10), (tcp, TCP_KEEPINTVL, 5), (tcp, TCP_KEEPCNT, 2),
        ]
        for option in options { Kernel.set(descriptor, option.level, option.name, option.value) }
    }

    private static func removeAbandoned(_ address: SocketAddress) {
        let path = String(address.description.dropFirst("unix:".count))
        // The kernel refuses a connect to a plain file in the same way; that file must not be lost.
        var status = stat()
        guard Kernel.status(path, &status, followsLinks: false) == 0, status.st_mode & S_IFMT == S_IFSOCK
        else { return }
        guard let probe = try? make(address) else { return }
        defer { Kernel.close(probe) }
        let refused = address.withSockaddr { Kernel.connect(probe, $0, $1) } != 0 && errno == ECONNREFUSED
        if refused { Kernel.unlink(path) }
    }

    private static func closing(_ descriptor: Int32, _ call: String) -> SystemError {
        let error = SystemError(call: call)
        Kernel.close(descriptor)
        return error
    }
}
