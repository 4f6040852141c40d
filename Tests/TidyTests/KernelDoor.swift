/// One door to the system: `EventLoop/Kernel.swift` and its counterpart for the simulation. What else called the system
/// would not be simulated, and would stop a simulation that it waits in.
enum KernelDoor {
    private static let doors: Set<String> = [
        "Sources/EventLoop/Kernel.swift", "Sources/EventLoop/Kernel+Simulated.swift",
    ]

    /// The command line and the client library run on real machines only.
    private static let targets: Set<String> = ["EventLoop", "HTTP2", "Migration", "Sidecar", "Stores", "WireFormat"]

    private static let calls: Set<Substring> = [
        "accept", "access", "bind", "clock_gettime", "close", "closedir", "connect", "epoll_create1", "epoll_ctl",
        "epoll_wait", "eventfd", "fchmod", "fchown", "fdatasync", "flock", "fstat", "fsync", "ftruncate",
        "getaddrinfo", "getpid", "getrlimit", "getsockname", "getsockopt", "gettimeofday", "getxattr",
        "inotify_add_watch", "inotify_init1", "kill", "link", "listen", "lseek", "lstat", "nanosleep", "open",
        "opendir", "poll", "pread", "pthread_cond_timedwait", "pthread_cond_wait", "pthread_create", "pthread_join",
        "pthread_mutex_lock", "pthread_mutex_unlock", "pthread_self", "pthread_sigmask", "pwrite", "read", "readdir",
        "readlink", "realpath", "recv", "rename", "send", "setrlimit", "setsockopt", "shutdown", "signal", "signalfd",
        "sleep", "socket", "socketpair", "time", "umask", "unlink", "usleep", "write",
    ]

    /// What starts threads, waits, reads clocks or files by itself.
    private static let ownWays = [
        "ContinuousClock", "Date()", "DispatchQueue", "FileHandle", "FileManager", "Task {", "Thread.",
    ]

    /// In this class of calls only those of C are meant: no member's, and none that the file declares itself.
    static func faults(in file: SourceFile) -> [Fault] {
        guard file.isSource, file.isSwift, !file.isGenerated, !doors.contains(file.path),
            let target = file.target, targets.contains(target)
        else { return conditions(in: file) }
        let own = Set(file.codeLines.flatMap(declared(in:)))
        return file.codeLines.enumerated().flatMap { index, line in
            called(in: line).filter { calls.contains($0) && !own.contains($0) }
                .map { Fault(file.path, line: index + 1, "\($0)( belongs behind the door: Kernel, in EventLoop") }
        } + otherWays(in: file) + conditions(in: file)
    }

    private static func otherWays(in file: SourceFile) -> [Fault] {
        file.codeLines.enumerated().flatMap { index, line in
            ownWays.filter { way in
                line.ranges(of: way).contains { range in
                    guard range.lowerBound > line.startIndex else { return true }
                    let before = line[line.index(before: range.lowerBound)]
                    return !before.isLetter && before != "."
                }
            }
            .map {
                Fault(file.path, line: index + 1, "\($0) goes around the door: Kernel, or SystemThread, in EventLoop")
            }
        }
    }

    /// `#if Simulation` stands in the two doors and nowhere else.
    private static func conditions(in file: SourceFile) -> [Fault] {
        guard file.isSwift, !doors.contains(file.path), !file.path.hasPrefix("Tests/TidyTests/") else { return [] }
        return file.lines.indices.filter { file.lines[$0].hasPrefix("#if") && file.lines[$0].contains("Simulation") }
            .map { Fault(file.path, line: $0 + 1, "#if Simulation stands in the kernel's two doors alone") }
    }

    /// Names that are called without a receiver, or with C's module as one.
    private static func called(in line: Substring) -> [Substring] {
        let line = line.replacing("Glibc.", with: "")
        var names: [Substring] = []
        for (index, character) in zip(line.indices, line) where character == "(" {
            let name = line[..<index].reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            let start = name.endIndex.base
            guard start < index, start == line.startIndex || line[line.index(before: start)] != "." else { continue }
            if line[..<start].hasSuffix("func ") { continue }
            names.append(Substring(String(line[start..<index])))
        }
        return names
    }

    private static func declared(in line: Substring) -> [Substring] {
        ["func ", "case ", "let ", "var "].compactMap { keyword in
            guard let range = line.firstRange(of: keyword) else { return nil }
            return line[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        }
    }
}
