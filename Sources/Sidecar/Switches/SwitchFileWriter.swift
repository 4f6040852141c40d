import Glibc

/// Writes switch files: whole, synced, in one step.
package enum SwitchFileWriter {
    /// Creates a file in which every migration is at phase `idle`, and returns their epochs: 1, or one more than the
    /// audit file has seen. Fails with `EEXIST` when there is a file already.
    ///
    /// The file appears complete or not at all, also when the machine loses power: it is written beside its place,
    /// synced, and linked into place, which, unlike a rename, never replaces a file.
    package static func createInitial(_ path: String, migrations: [String]) throws(FileFailure) -> [UInt64] {
        // Said before a temporary file is tried, whose folder may be read-only.
        if access(path, F_OK) == 0 { throw FileFailure("create", path, code: EEXIST) }
        let temporary = "\(path).\(getpid()).tmp"
        let audit = AuditFile(switchFile: path)
        let epochs = try migrations.map { (name) throws(FileFailure) in (try audit.last(of: name)?.after.epoch ?? 0) + 1
        }
        try write(initialText(migrations, epochs: epochs), to: temporary)
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 else { throw FileFailure("create", path, code: errno) }
        try syncFolder(of: path)
        return epochs
    }

    /// Puts another text in a file's place: readers see the old one or the new one, also when the machine loses power.
    /// A symbolic link stays one, what it points to is replaced.
    static func replace(_ path: String, with text: String) throws(FileFailure) {
        let place = resolvingLinks(path)
        let temporary = "\(place).\(getpid()).tmp"
        unlink(temporary)
        try write(text, to: temporary)
        guard rename(temporary, place) == 0 else {
            let failure = FileFailure("replace", place, code: errno)
            unlink(temporary)
            throw failure
        }
        try syncFolder(of: place)
    }

    static func initialText(_ migrations: [String], epochs: [UInt64]) -> String {
        let entries = zip(migrations, epochs).map { name, epoch in
            "    \"\(name)\": { \"epoch\": \(epoch), \"phase\": \"idle\", \"enrolled\": \"none\", \"gray\": \"none\" }"
        }
        return "{\n  \"version\": 1,\n  \"migrations\": {\n\(entries.joined(separator: ",\n"))\n  }\n}\n"
    }

    private static func resolvingLinks(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func write(_ text: String, to path: String) throws(FileFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure("create", path, code: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failedWrite(path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failedWrite(path) }
    }

    private static func failedWrite(_ path: String) -> FileFailure {
        let failure = FileFailure("write", path, code: errno)
        unlink(path)
        return failure
    }

    private static func syncFolder(of path: String) throws(FileFailure) {
        let folder = FilePath.folder(of: path).isEmpty ? "." : FilePath.folder(of: path)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("sync", folder, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure("sync", folder, code: errno) }
    }
}
