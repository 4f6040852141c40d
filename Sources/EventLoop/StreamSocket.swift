import CLinux
import Glibc

/// A connected, non-blocking stream socket on a loop, with what the kernel has not yet taken from us.
///
/// One `receive` for each readiness, one `send` for each flush. Bytes that the kernel does not take at once are kept,
/// at most one send buffer full, and sent when the socket is writable again; until then the owner must not send more.
package struct StreamSocket: ~Copyable {
    private let loop: UnsafeMutablePointer<EventLoop>
    private let watch: UnsafeMutablePointer<Watch>
    private var unsent: UnsafeMutableRawPointer?
    private var unsentStart = 0
    private var unsentEnd = 0
    private var isReading: Bool

    /// Takes over `descriptor`, which must be non-blocking, and tells `ready` about it from now on.
    /// On failure the descriptor is closed.
    package init(
        descriptor: Int32,
        loop: UnsafeMutablePointer<EventLoop>,
        interest: EventLoop.Interest,
        context: UnsafeMutableRawPointer,
        ready: @escaping @convention(c) (UnsafeMutableRawPointer, UInt32) -> Void
    ) throws(SystemError) {
        self.loop = loop
        isReading = interest.contains(.readable)
        do throws(SystemError) {
            watch = try loop.watch(descriptor, for: interest, context: context, ready)
        } catch {
            Kernel.close(descriptor)
            throw error
        }
    }

    /// Closes the descriptor and frees what was not sent.
    deinit {
        loop.close(watch)
        unsent?.deallocate()
    }

    package var descriptor: Int32 { watch.pointee.descriptor }

    /// Whether earlier bytes wait for the kernel.
    package var isBlocked: Bool { unsent != nil }

    package enum Received {
        /// So many bytes are at the buffer's start, at least one.
        case bytes(Int)
        /// Nothing there; the loop tells when there is.
        case wouldBlock
        /// The peer will send no more.
        case ended
        case failed(SystemError)
    }

    /// Reads what has arrived, at most `buffer.count` bytes, with one system call (more when a signal interrupts).
    package func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
        while true {
            let count = Kernel.receive(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(SystemError(call: "recv"))
            }
        }
    }

    package enum Sent {
        /// The kernel has all of it.
        case all
        /// A rest is kept; call `resume` when the loop says writable.
        case blocked
        case failed(SystemError)
    }

    /// Sends `bytes`. Must not be called while `isBlocked`.
    package mutating func send(_ bytes: UnsafeRawBufferPointer) -> Sent {
        assert(!isBlocked)
        var offset = 0
        while offset < bytes.count {
            switch sendOnce(UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
            case .success(let count): offset += count
            case .failure(let error) where error.code == EAGAIN:
                keep(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                return .blocked
            case .failure(let error): return .failed(error)
            }
        }
        return .all
    }

    /// Sends more of the kept rest, after the loop has said writable.
    package mutating func resume() -> Sent {
        while let unsent, unsentStart < unsentEnd {
            switch sendOnce(UnsafeRawBufferPointer(start: unsent + unsentStart, count: unsentEnd - unsentStart)) {
            case .success(let count): unsentStart += count
            case .failure(let error) where error.code == EAGAIN: return .blocked
            case .failure(let error): return .failed(error)
            }
        }
        unsent?.deallocate()
        unsent = nil
        updateInterest()
        return .all
    }

    /// Ends our direction; the peer may still send.
    package func shutDownWriting() { Kernel.shutDownWriting(descriptor) }

    /// Stops or resumes being told about bytes from the peer.
    package mutating func setReading(_ isOn: Bool) {
        isReading = isOn
        updateInterest()
    }

    /// After a connect that was under way: nil when it succeeded, else why not. Reading is on from then on.
    package mutating func connectionError() -> SystemError? {
        let code = Kernel.error(of: descriptor)
        if code == 0 { setReading(true) }
        return code == 0 ? nil : SystemError(call: "connect", code: code)
    }

    private func sendOnce(_ bytes: UnsafeRawBufferPointer) -> Result<Int, SystemError> {
        while true {
            let count = Kernel.send(descriptor, bytes.baseAddress, bytes.count)
            if count >= 0 { return .success(count) }
            if errno != EINTR { return .failure(SystemError(call: "send")) }
        }
    }

    private mutating func keep(_ rest: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawPointer.allocate(byteCount: rest.count, alignment: 16)
        copy.copyMemory(from: rest.baseAddress!, byteCount: rest.count)
        unsent = copy
        unsentStart = 0
        unsentEnd = rest.count
        updateInterest()
    }

    private func updateInterest() {
        var interest: EventLoop.Interest = isReading ? .readable : []
        if isBlocked { interest.insert(.writable) }
        loop.setInterest(interest, of: watch)
    }
}
