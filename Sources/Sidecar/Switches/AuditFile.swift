import EventLoop
import Glibc
import Migration

/// One change of a migration's switches: who made it, when, from what to what.
struct AuditEntry: Sendable, Equatable {
    enum Origin: String, Sendable {
        case command
        case rollback
        /// The switch file was changed by other means.
        case file
        /// A change that was on record could not be made.
        case withdrawn

        /// Put on record before it is made.
        var isCommand: Bool { self == .command || self == .rollback }
    }

    /// RFC 3339, UTC.
    var time: String
    var migration: String
    var origin: Origin
    /// Whoever asked; `file` where nobody knows.
    var by: String
    var reason: String
    /// Nil for the first that is known.
    var before: SwitchEntry?
    var after: SwitchEntry
    /// The epoch of the change that a rollback undoes, or that could not be made.
    var undoes: UInt64?
    /// What stood in its way and was let through, with what was typed for it; of a change of the file, what a command
    /// would have asked for.
    var waived: [String] = []
    /// Of a change of the file: keys went back to old, or may have (two states that name one file of keys do not tell);
    /// of the first entry, that another process ran before it.
    var mayHaveLeft = false

    /// The highest epoch that surely was in force. A command's change is put on record before it is made: what it came
    /// from was in force, and it may not have come to be.
    var epochInForce: UInt64 {
        switch origin {
        case .file, .withdrawn: after.epoch
        case .command, .rollback: before?.epoch ?? 0
        }
    }

    var line: String {
        var entries: [(key: String, value: DocumentNode)] = [
            ("time", .text(time)), ("migration", .text(migration)), ("origin", .text(origin.rawValue)),
            ("by", .text(by)), ("reason", .text(reason)), ("before", before?.node ?? .literal("null")),
            ("after", after.node),
        ]
        if let undoes { entries.append(("undoes", .literal("\(undoes)"))) }
        if !waived.isEmpty { entries.append(("waived", DocumentNode(.sequence(waived.map(DocumentNode.text))))) }
        if mayHaveLeft { entries.append(("left", .literal("true"))) }
        return DocumentNode.mapping(entries).json + "\n"
    }

    /// Nil for what is no entry, or says what no sidecar wrote: a line that was cut short by a crash, or that somebody
    /// has edited, is no reason to forget the others.
    init?(line: [UInt8]) {
        guard let node = try? JSONDocument.parse(line, file: "audit"), let migration = node["migration"]?.scalar,
            let origin = node["origin"]?.scalar.flatMap(Origin.init),
            let after = node["after"].flatMap(SwitchEntry.init)
        else { return nil }
        let before = node["before"].flatMap(SwitchEntry.init)
        let undoes = node["undoes"]?.scalar.flatMap(UInt64.init)
        guard before != nil || node["before"].map({ $0.scalar == "null" }) ?? true,
            node["undoes"] == nil || undoes.map(SwitchEntry.epochs.contains) == true
        else { return nil }
        var waived: [String] = []
        if case .sequence(let nodes) = node["waived"]?.content { waived = nodes.compactMap(\.scalar) }
        self.init(
            time: node["time"]?.scalar ?? "", migration: migration, origin: origin, by: node["by"]?.scalar ?? "",
            reason: node["reason"]?.scalar ?? "", before: before, after: after, undoes: undoes, waived: waived)
        mayHaveLeft = node["left"]?.scalar == "true"
    }

    init(
        time: String, migration: String, origin: Origin, by: String, reason: String, before: SwitchEntry?,
        after: SwitchEntry, undoes: UInt64? = nil, waived: [String] = []
    ) {
        self.time = time
        self.migration = migration
        self.origin = origin
        self.by = by
        self.reason = reason
        self.before = before
        self.after = after
        self.undoes = undoes
        self.waived = waived
    }
}

/// The append-only record of all changes of the switches: JSON, one change a line, beside the switch file.
struct AuditFile {
    /// How far back a migration's newest entry is looked for.
    private static let bytesAtMost = 256 << 20

    private static let chunkBytes = 1 << 16

    let path: String

    /// `switches.json` has `switches.audit.jsonl` beside it.
    init(switchFile: String) {
        let stem = switchFile.hasSuffix(".json") ? String(switchFile.dropLast(5)) : switchFile
        path = stem + ".audit.jsonl"
    }

    /// All of it, oldest first. None where there is no file yet.
    func entries() throws(FileFailure) -> [AuditEntry] {
        var tail = AuditTail(self, limit: .max)
        return try tail.entries()
    }

    /// The end of a migration's record.
    struct Newest: Equatable {
        /// Nil where there is none.
        var entry: AuditEntry?
        /// Whole lines after it that cannot be read: any of them may be a change of the migration.
        var unreadable = 0
    }

    /// A migration's newest entry, found from the end: a history that fills the file costs nothing.
    func newest(of migration: String) throws(FileFailure) -> Newest {
        guard let descriptor = try open(O_RDONLY) else { return Newest() }
        defer { Kernel.close(descriptor) }
        var found = Newest()
        var end = Kernel.size(of: descriptor)
        let size = end
        var tail: [UInt8] = []
        while end > 0 {
            guard size - end <= Self.bytesAtMost else { throw FileFailure(tooLong: path, limit: Self.bytesAtMost) }
            let count = min(end, max(Self.chunkBytes, tail.count))
            end -= count
            var chunk = [UInt8](repeating: 0, count: count)
            let read = chunk.withUnsafeMutableBytes { Kernel.read(descriptor, $0.baseAddress, count, at: end) }
            guard read == count else { throw FileFailure("read", path, code: read < 0 ? errno : EIO) }
            tail = chunk + tail
            let lines = tail.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            // The first may begin in what was not read yet.
            for line in lines.dropFirst(end > 0 ? 1 : 0).reversed() {
                if let entry = AuditEntry(line: Array(line)) {
                    found.entry = entry
                    if entry.migration == migration { return found }
                } else if Self.isWhole(line) {
                    found.unreadable += 1
                }
            }
            tail = end > 0 ? Array(lines[0]) : []
        }
        found.entry = nil
        return found
    }

    /// What a crash has cut short is a change that was never made.
    private static func isWhole(_ line: some Collection<UInt8>) -> Bool {
        Array(line).last { $0 != 0x20 && $0 != 0x0D && $0 != 0 } == UInt8(ascii: "}")
    }

    /// Nil where there is no file. Never waits for a writer of what is no file but a pipe.
    func open(_ flags: Int32) throws(FileFailure) -> Int32? {
        let descriptor = Kernel.open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileFailure("open", path, code: errno)
        }
        var status = stat()
        guard Kernel.status(of: descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Kernel.close(descriptor)
            throw FileFailure("open", path, code: EINVAL)
        }
        return descriptor
    }

    /// The entry is on the disk when this returns; after a failure nothing of it is in the file. Mode 0600 for a new
    /// file: keys may be nobody else's business.
    func append(_ entry: AuditEntry) throws(FileFailure) {
        guard let descriptor = try open(O_WRONLY | O_CREAT | O_APPEND) else {
            throw FileFailure("open", path, code: ENOENT)
        }
        defer { Kernel.close(descriptor) }
        let end = Kernel.size(of: descriptor)
        // In one write, so that lines of two writers do not mix. What a crash left without an end gets one.
        let bytes = Array((endsWithinLine ? "\n" : "").utf8) + Array(entry.line.utf8)
        let written = bytes.withUnsafeBytes { Kernel.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count else {
            let failure = FileFailure("write", path, code: written < 0 ? errno : ENOSPC)
            if written > 0 { Kernel.cut(descriptor, to: end) }
            throw failure
        }
        guard Kernel.sync(descriptor) == 0 else {
            let failure = FileFailure("sync", path, code: errno)
            Kernel.cut(descriptor, to: end)
            throw failure
        }
    }

    private var endsWithinLine: Bool {
        guard let descriptor = try? open(O_RDONLY) else { return false }
        defer { Kernel.close(descriptor) }
        var last: UInt8 = 0
        let size = Kernel.size(of: descriptor)
        guard size > 0, Kernel.read(descriptor, &last, 1, at: size - 1) == 1 else { return false }
        return last != UInt8(ascii: "\n")
    }
}
