import Foundation

/// Python's gzip, which shares no code of ours, on the other side of the format.
enum Python {
    struct Failed: Error {
        let status: Int32
    }

    /// Calls a function of Python's that turns bytes into bytes.
    static func run(_ function: String, _ bytes: [UInt8]) throws -> [UInt8] {
        let input = FileManager.default.temporaryDirectory.appendingPathComponent("gzip-\(UUID().uuidString)")
        try Data(bytes).write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }
        let script = "import gzip, sys; sys.stdout.buffer.write(\(function)(open(sys.argv[1], 'rb').read()))"
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, input.path]
        process.standardOutput = output
        try process.run()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
        return Array(answer)
    }
}
