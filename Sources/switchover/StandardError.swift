import Glibc

/// Where messages to a person go; standard output is for what a command was asked for.
enum StandardError {
    static func write(_ text: String) {
        // Nobody is left to tell when this fails.
        _ = Array("\(text)\n".utf8).withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
