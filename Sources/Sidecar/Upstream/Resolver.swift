package import EventLoop

/// Resolves host names on a thread of its own: the resolver of the C library blocks, and no loop that serves calls may.
package final class Resolver: Sendable {
    private let thread: LoopThread

    package init() throws(SystemError) {
        thread = try LoopThread(name: "resolver")
        try thread.start()
    }

    /// Calls `answer` with all addresses, by mail to the asking loop.
    func resolve(
        _ address: Address, answerTo mailbox: Mailbox,
        _ answer: @escaping @Sendable (Result<[SocketAddress], ResolutionError>) -> Void
    ) {
        thread.mailbox.post {
            let result = Result { () throws(ResolutionError) in try address.resolve() }
            mailbox.post { answer(result) }
        }
    }

    package func stop() {
        thread.stop()
        thread.join()
    }
}

/// A pointer to loop-confined state on its way to a message that runs on that loop.
struct SendablePointer<Pointee: ~Copyable>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Pointee>
    init(_ pointer: UnsafeMutablePointer<Pointee>) { self.pointer = pointer }
}

extension Address {
    /// A host name, which may mean another address tomorrow.
    var isName: Bool {
        guard case .tcp(let host, _) = self else { return false }
        return !host.contains(":") && !host.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// All socket addresses that it stands for. Blocks.
    func resolve() throws(ResolutionError) -> [SocketAddress] {
        switch self {
        case .tcp(let host, let port): return try SocketAddress.resolve(host: host, port: port)
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw ResolutionError(host: path, reason: "not the path of a Unix socket")
            }
            return [address]
        }
    }
}
