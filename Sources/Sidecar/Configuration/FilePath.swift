import EventLoop
import Glibc

/// Paths as text, without looking at the file system.
enum FilePath {
    /// The folder a path names its last part in; empty for the current one.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func lastPart(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// Relative paths count from the process's working folder.
    static func absolute(_ path: String) -> String { resolve(path, in: Kernel.realPath(".") ?? "") }

    /// Absolute paths stay; others count from `folder`.
    static func resolve(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") || folder.isEmpty { return path }
        return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
    }
}

/// A system call on a file that failed.
package struct FileFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let path: String
    /// What was tried: "read", "write", "create".
    package let attempt: String
    /// The value of `errno`; 0 where the file is too long.
    package let code: Int32
    package let reason: String

    init(_ attempt: String, _ path: String, code: Int32) {
        self.path = path
        self.attempt = attempt
        self.code = code
        reason = String(cString: strerror(code))
    }

    init(tooLong path: String, limit: Int) {
        self.path = path
        attempt = "read"
        code = 0
        reason = "it is longer than \(Quantity.format(UInt64(limit), as: .size))"
    }

    package var isExisting: Bool { code == EEXIST }
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    package var description: String { "cannot \(attempt) \(path): \(reason)" }
}

/// The bytes of a whole file, with a limit.
enum FileContent {
    static func read(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
        let descriptor = Kernel.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileFailure("read", path, code: errno) }
        defer { Kernel.close(descriptor) }
        var status = stat()
        guard Kernel.status(of: descriptor, &status) == 0 else { throw FileFailure("read", path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileFailure("read", path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        guard Int(status.st_size) <= limit else { throw FileFailure(tooLong: path, limit: limit) }
        return try readAll(descriptor, path, expected: Int(status.st_size), limit: limit)
    }

    private static func readAll(
        _ descriptor: Int32, _ path: String, expected: Int, limit: Int
    ) throws(FileFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        // One byte more than expected, so that the end is seen without growing.
        var room = expected + 1
        while true {
            var failure: Int32 = 0
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: room))
            let count = bytes.withUnsafeMutableBytes { Kernel.read(descriptor, $0.baseAddress! + start, room) }
            if count < 0 { failure = errno }
            bytes.removeLast(room - max(count, 0))
            if failure == EINTR { continue }
            if failure != 0 { throw FileFailure("read", path, code: failure) }
            if count == 0 { return bytes }
            guard bytes.count <= limit else { throw FileFailure(tooLong: path, limit: limit) }
            room = max(room - count, 4096)
        }
    }
}
