import Foundation
import Glibc

/// Python's gzip, which shares no code of ours, on the other side of the format.
enum Python {
    struct Failed: Error {
        let status: Int32
    }

    /// Calls a function of Python's that turns bytes into bytes, for each of the messages, in one process.
    static func run(_ function: String, _ messages: [[UInt8]]) throws -> [[UInt8]] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("gzip-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(messages.flatMap { withUnsafeBytes(of: UInt32($0.count).bigEndian) { Array($0) } + $0 }).write(
            to: file)
        let script = """
            import gzip, struct, sys, zlib
            data, at, out = open(sys.argv[1], "rb").read(), 0, []
            while at < len(data):
                end = at + 4 + struct.unpack_from(">I", data, at)[0]
                out.append(\(function)(data[at + 4:end]))
                at = end
            open(sys.argv[1], "wb").write(b"".join(struct.pack(">I", len(one)) + one for one in out))
            """
        // Foundation's Process leaks, which AddressSanitizer reports.
        let status = system("python3 -c '\(script)' '\(file.path)'")
        guard status == 0 else { throw Failed(status: status) }
        return split(Array(try Data(contentsOf: file)))
    }

    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            let count = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            messages.append(Array(bytes[at + 4..<at + 4 + count]))
            at += 4 + count
        }
        return messages
    }
}
