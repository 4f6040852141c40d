import ArgumentParser
import Sidecar

/// `switchover version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version of this build.", discussion: "Exit status: 0.")

    static var line: String { "switchover \(Version.current)" }

    func run() { print(Self.line) }
}
