import EventLoop
import Glibc

/// Waits for changes in a folder by inotify, or for time to pass where there is none.
struct FolderWatch: ~Copyable {
    private static let changes =
        UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_DELETE)
        | UInt32(IN_DELETE_SELF)
        | UInt32(IN_MOVE_SELF) | UInt32(IN_ATTRIB) | UInt32(bitPattern: Int32(IN_ONLYDIR))

    private let folder: String
    private let descriptor: Int32
    private var isWatching = false
    /// Why the kernel does not watch.
    private(set) var failure: FileFailure?

    init(_ folder: String) {
        self.folder = folder.isEmpty ? "." : folder
        descriptor = Kernel.makeFolderWatch()
        if descriptor < 0 { failure = FileFailure("watch", self.folder, code: errno) }
        watch()
    }

    deinit { if descriptor >= 0 { Kernel.close(descriptor) } }

    /// False when `wake` asks for the end.
    mutating func wait(milliseconds: Int32, wake: Int32) -> Bool {
        if !isWatching { watch() }
        var polled = [
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        // Interrupted or timed out: a look too many does no harm.
        let ready = Kernel.poll(&polled, milliseconds: milliseconds)
        if ready > 0, polled[0].revents != 0 { return false }
        if ready > 0, polled[1].revents != 0 { drain() }
        return true
    }

    /// Also finds a folder again that was removed and made anew.
    private mutating func watch() {
        guard descriptor >= 0 else { return }
        isWatching = Kernel.watch(descriptor, folder, Self.changes) >= 0
        if !isWatching, failure == nil { failure = FileFailure("watch", folder, code: errno) }
    }

    /// What happened does not matter, except that the watch itself may be over.
    private mutating func drain() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = buffer.withUnsafeMutableBytes { Kernel.read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            isWatching = isWatching && !endsWatch(buffer[..<count])
        }
    }

    private func endsWatch(_ events: ArraySlice<UInt8>) -> Bool {
        events.withUnsafeBytes { bytes in
            var offset = 0
            let head = MemoryLayout<inotify_event>.size
            while offset + head <= bytes.count {
                let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                if event.mask & UInt32(IN_IGNORED) != 0 { return true }
                offset += head + Int(event.len)
            }
            return false
        }
    }
}
