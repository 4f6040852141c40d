import Glibc

/// Where messages to a person go; standard output is for what a command was asked for.
enum StandardError {
    /// Longest wait for a reader that has stalled, milliseconds.
    private static let patience: Int32 = 2000

    static func write(_ text: String) {
        let bytes = Array("\(text)\n".utf8)
        var written = 0
        while written < bytes.count {
            // A write to a full pipe would wait without an end.
            var polled = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&polled, 1, patience) > 0 else { return }
            // At most what a pipe that is writable takes at once.
            let size = min(bytes.count - written, Int(PIPE_BUF))
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress! + written, size) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // Nobody is left to tell when this fails.
            guard count > 0 else { return }
            written += count
        }
    }
}
