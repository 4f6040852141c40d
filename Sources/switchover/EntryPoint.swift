import ArgumentParser
import Dispatch

/// Where the process begins: a synchronous `main`, so that a command decides on the first and only thread which signals
/// all later ones take. An asynchronous one would find the runtime's threads there already, and a SIGTERM that reaches
/// one of them ends the process undrained.
@main
enum EntryPoint {
    static func main() {
        let command: any ParsableCommand
        do {
            command = try Switchover.parseAsRoot()
        } catch {
            Switchover.exit(withError: error)
        }
        guard let waiting = command as? any AsyncParsableCommand else { finish(command) }
        start(waiting)
        dispatchMain()
    }

    private static func finish(_ command: some ParsableCommand) -> Never {
        var command = command
        do {
            try command.run()
            Switchover.exit()
        } catch {
            end(command, error)
        }
    }

    private static func start(_ command: some AsyncParsableCommand) {
        nonisolated(unsafe) var command = command
        Task {
            do {
                try await command.run()
                Switchover.exit()
            } catch {
                end(command, error)
            }
        }
    }

    /// What is wrong with a command's words is said with the usage of that command.
    private static func end(_ command: some ParsableCommand, _ error: any Error) -> Never {
        guard let error = error as? ValidationError else { Switchover.exit(withError: error) }
        StandardError.write("Error: \(error.message)\nUsage: \(Switchover.usageString(for: type(of: command)))")
        Switchover.exit(withError: ExitCode.validationFailure)
    }
}
