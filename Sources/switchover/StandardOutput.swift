import ArgumentParser
@preconcurrency import Glibc

/// Where a command puts what it was asked for. What cannot be written there is a failure of the command: a list that
/// was cut short must not look whole.
enum StandardOutput {
    nonisolated(unsafe) private static var hasFailed = false

    /// What `print` has put there so far is with its reader, or the command ends: exit status 1, and a sentence. A
    /// command prints on one thread at a time.
    static func flush() throws {
        if hasFailed { throw ExitCode.failure }
        errno = 0
        let isFlushed = fflush(stdout) == 0
        guard !isFlushed || ferror(stdout) != 0 else { return }
        hasFailed = true
        let cause = errno == 0 ? "" : ": " + String(cString: strerror(errno))
        StandardError.write("standard output cannot be written, so that what is there is not complete\(cause)")
        throw ExitCode.failure
    }
}

/// The three standard descriptors.
enum StandardDescriptors {
    /// Those that are closed are taken, so that no database or socket gets their numbers, and messages are not written
    /// into it. They are opened for reading: what is written there fails, and is known to have failed.
    static func hold() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            let opened = open("/dev/null", O_RDONLY)
            if opened >= 0, opened != descriptor {
                dup2(opened, descriptor)
                close(opened)
            }
        }
        // A reader that is gone is an error like others, not the end.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}
