import Synchronization

/// Whether somebody still waits for the answer of a command. The control socket's loop says that nobody does; the
/// control loop looks before it begins with the command. What has begun goes on.
final class CommandTicket: Sendable {
    private let dropped = Atomic<Bool>(false)

    var isDropped: Bool { dropped.load(ordering: .relaxed) }

    func drop() { dropped.store(true, ordering: .relaxed) }
}

/// Who carries commands out: `SwitchControl`.
protocol Commands: AnyObject, Sendable {
    /// From any thread; `reply` is called once, but not of a command that was dropped before it began.
    ///
    /// - Parameter by: who asks, for the audit file.
    func answer(
        _ method: ControlCall.Method, _ message: [UInt8], by: String, _ ticket: CommandTicket,
        _ reply: @escaping @Sendable (Result<[UInt8], ControlFault>) -> Void)
}
