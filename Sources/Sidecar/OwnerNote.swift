import EventLoop
import Glibc

/// What a lock file says: who has the lock, and what a process leaves for the next one. A text of lines:
///
///     the process
///     its control socket
///     namespace NAME                        (in which the process has its number)
///     unsettled                             (where something that was sent may take effect later)
///     in-force MIGRATION EPOCH FINGERPRINT  (the switches that were in force last)
///     end
///
/// What stands after `end` is left over from a longer text, or keeps room for one.
struct OwnerNote: Sendable, Equatable {
    /// Which switches of a migration were in force.
    struct InForce: Sendable, Equatable {
        let epoch: UInt64
        /// Of phase and sets, keys of lists included.
        let fingerprint: UInt64
    }

    /// Nil where nobody has written yet.
    var process: Int32?
    var control: String?
    /// Where its number means something: nil where nobody has written it.
    var namespace: String?
    var isUnsettled = false
    /// By the migration's name.
    var inForce: [String: InForce] = [:]

    private static let namespace = "namespace"
    private static let unsettled = "unsettled"
    private static let inForce = "in-force"
    private static let end = "end"
    /// Some thousand migrations.
    private static let bytesAtMost = 1 << 18
    /// Of most file systems.
    private static let block = 4096

    init() {}

    init(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        process = lines.first.flatMap { Int32($0) }
        control = lines.count > 1 && !lines[1].isEmpty ? lines[1] : nil
        for line in lines.dropFirst(2) {
            if line == Self.end { return }
            if line == Self.unsettled { isUnsettled = true }
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == Self.namespace { namespace = String(words[1]) }
            guard words.count == 4, words[0] == Self.inForce, let epoch = UInt64(words[2]),
                SwitchEntry.epochs.contains(epoch), let fingerprint = UInt64(words[3], radix: 16)
            else { continue }
            inForce[String(words[1])] = InForce(epoch: epoch, fingerprint: fingerprint)
        }
    }

    var text: String {
        var lines = [process.map { "\($0)" } ?? "", control ?? ""]
        if let namespace { lines.append("\(Self.namespace) \(namespace)") }
        if isUnsettled { lines.append(Self.unsettled) }
        for (name, last) in inForce.sorted(by: { $0.key < $1.key }) {
            lines.append("\(Self.inForce) \(name) \(last.epoch) \(String(last.fingerprint, radix: 16))")
        }
        return (lines + [Self.end, ""]).joined(separator: "\n")
    }

    /// The one that this process has its number in: processes of other containers have others.
    static var ownNamespace: String? {
        Kernel.destination(ofLink: "/proc/self/ns/pid")
    }

    /// What a file says; nothing where it cannot be read.
    static func read(_ descriptor: Int32) -> OwnerNote {
        var bytes = [UInt8](repeating: 0, count: bytesAtMost)
        let count = bytes.withUnsafeMutableBytes { Kernel.read(descriptor, $0.baseAddress, $0.count, at: 0) }
        return OwnerNote(text: String(decoding: bytes[..<max(count, 0)], as: UTF8.self))
    }

    /// On the disk when this returns. The old text or the new one is there at any instant: it is written over the old
    /// one. Blanks after it keep the room that a longer one would need: a disk that gets full later has it already.
    /// Where a part of it alone could be written, nothing is there.
    func write(_ descriptor: Int32, _ path: String) throws(FileFailure) {
        var bytes = Array(text.utf8)
        let length = (bytes.count + Self.block) / Self.block * Self.block
        bytes += Array(repeating: UInt8(ascii: " "), count: length - bytes.count - 1) + [UInt8(ascii: "\n")]
        let written = bytes.withUnsafeBytes { Kernel.write(descriptor, $0.baseAddress, $0.count, at: 0) }
        guard written == bytes.count else {
            let failure = FileFailure("write", path, code: written < 0 ? errno : ENOSPC)
            if written > 0 { Self.erase(descriptor) }
            throw failure
        }
        Kernel.cut(descriptor, to: bytes.count)
        guard Kernel.sync(descriptor) == 0 else { throw FileFailure("sync", path, code: errno) }
    }

    /// Leaves an empty file, which stands for the worst. False where that fails too.
    @discardableResult static func erase(_ descriptor: Int32) -> Bool {
        Kernel.cut(descriptor, to: 0) == 0 && Kernel.sync(descriptor) == 0
    }
}
