import EventLoop
import Glibc

/// The end of the audit file, kept as it was read: each look reads what has been appended since. So a long history
/// costs nobody anything; what is older is read by a tail with a higher limit.
struct AuditTail {
    /// Some ten thousand changes.
    static let usualBytes = 4 << 20
    /// How much of what was read is compared, to notice that the file was rewritten in its place.
    private static let comparedBytes = 256

    private let file: AuditFile
    private let limit: Int
    private var kept: [(entry: AuditEntry?, bytes: Int)] = []
    private var keptBytes = 0
    /// All lines before it have been read.
    private var end = 0
    private var lastBytes: [UInt8] = []
    private var identity: FileIdentity?
    /// Whether it holds all entries that the file has.
    private(set) var isWhole = true

    private struct FileIdentity: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    init(_ file: AuditFile, limit: Int = usualBytes) {
        self.file = file
        self.limit = limit
    }

    /// Oldest first. None where there is no file yet.
    mutating func entries() throws(FileFailure) -> [AuditEntry] {
        guard let descriptor = try file.open(O_RDONLY) else {
            self = AuditTail(file, limit: limit)
            return []
        }
        defer { Kernel.close(descriptor) }
        var status = stat()
        guard Kernel.status(of: descriptor, &status) == 0 else { throw FileFailure("read", file.path, code: errno) }
        let size = Int(status.st_size)
        let identity = FileIdentity(device: status.st_dev, inode: status.st_ino)
        var skipsLine = false
        if identity != self.identity || size < end || size - end > limit || !isUnchanged(descriptor) {
            self = AuditTail(file, limit: limit)
            self.identity = identity
            end = max(0, size - limit)
            isWhole = end == 0
            skipsLine = !isWhole
        }
        let rest = take(try bytes(descriptor, from: end, to: size), skipsLine: skipsLine)
        return kept.compactMap(\.entry) + (rest.map { [$0] } ?? [])
    }

    /// Keeps all whole lines; returns the entry of one that has no end yet.
    private mutating func take(_ bytes: [UInt8], skipsLine: Bool) -> AuditEntry? {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let rest = lines.popLast() else { return nil }
        for (index, line) in lines.enumerated() where !(skipsLine && index == 0) {
            kept.append((AuditEntry(line: Array(line)), line.count + 1))
            keptBytes += line.count + 1
        }
        let read = bytes.dropLast(rest.count)
        end += read.count
        lastBytes = Array((lastBytes + read.suffix(Self.comparedBytes)).suffix(Self.comparedBytes))
        forgetOld()
        return skipsLine && lines.isEmpty ? nil : AuditEntry(line: Array(rest))
    }

    private mutating func forgetOld() {
        guard keptBytes > limit, keptBytes - limit > limit else { return }
        var count = 0
        while keptBytes > limit {
            keptBytes -= kept[count].bytes
            count += 1
        }
        kept.removeFirst(count)
        isWhole = false
    }

    private func isUnchanged(_ descriptor: Int32) -> Bool {
        (try? bytes(descriptor, from: end - lastBytes.count, to: end)) == lastBytes
    }

    private func bytes(_ descriptor: Int32, from start: Int, to end: Int) throws(FileFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: end - start)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Kernel.read(descriptor, $0.baseAddress! + filled, $0.count - filled, at: start + filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure("read", file.path, code: errno) }
            // It was cut off meanwhile.
            if count == 0 { return Array(bytes.prefix(filled)) }
            filled += count
        }
        return bytes
    }
}
