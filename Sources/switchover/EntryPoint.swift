import ArgumentParser
import Dispatch
import Glibc

/// Where the process begins: a synchronous `main`, so that a command decides on the first and only thread which signals
/// all later ones take. An asynchronous one would find the runtime's threads there already, and a SIGTERM that reaches
/// one of them ends the process undrained.
@main
enum EntryPoint {
    static func main() {
        StandardDescriptors.hold()
        let command: any ParsableCommand
        do {
            command = try Switchover.parseAsRoot()
        } catch {
            reportAsJSON(error)
            leave(error)
        }
        guard let waiting = command as? any AsyncParsableCommand else { finish(command) }
        start(waiting)
        dispatchMain()
    }

    /// Words that no command takes end it here where whoever called reads JSON.
    private static func reportAsJSON(_ error: any Error) {
        guard Problem.isJSON, Switchover.exitCode(for: error) == .validationFailure else { return }
        _ = Problem.report(Switchover.message(for: error), code: Problem.usage, exit: .validationFailure)
        leave(ExitCode.validationFailure)
    }

    private static func finish(_ command: some ParsableCommand) -> Never {
        var command = command
        do {
            try command.run()
            leave(ExitCode.success)
        } catch {
            end(command, error)
        }
    }

    private static func start(_ command: some AsyncParsableCommand) {
        nonisolated(unsafe) var command = command
        Task {
            do {
                try await command.run()
                leave(ExitCode.success)
            } catch {
                end(command, error)
            }
        }
    }

    /// What is wrong with a command's words is said with the usage of that command.
    private static func end(_ command: some ParsableCommand, _ error: any Error) -> Never {
        guard let error = error as? ValidationError else { leave(error) }
        let usage = "Usage: \(Switchover.usageString(for: type(of: command)))"
        _ = Problem.report(
            Problem.isJSON ? error.message : "Error: \(error.message)\n\(usage)", code: Problem.usage,
            exit: .validationFailure)
        leave(ExitCode.validationFailure)
    }

    /// The one way out: success only if all that was printed was also written.
    private static func leave(_ error: any Error) -> Never {
        let code = Switchover.exitCode(for: error)
        let message = Switchover.fullMessage(for: error)
        if !message.isEmpty {
            if code == .success { print(message) } else { StandardError.write(message) }
        }
        do {
            try StandardOutput.flush()
        } catch {
            exit(code == .success ? ExitCode.failure.rawValue : code.rawValue)
        }
        exit(code.rawValue)
    }
}
