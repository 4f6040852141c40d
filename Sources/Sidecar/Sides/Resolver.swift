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

    /// Answers no more. A name that is being resolved just now is not waited for: that may take a minute.
    package func stop() { thread.stop() }
}

/// A pointer to loop-confined state on its way to a message that runs on that loop.
struct SendablePointer<Pointee: ~Copyable>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Pointee>
    init(_ pointer: UnsafeMutablePointer<Pointee>) { self.pointer = pointer }
}
