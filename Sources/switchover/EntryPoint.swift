import ArgumentParser
import Dispatch

/// Where the process begins: a synchronous `main`, so that a command decides on the first and only thread which signals
/// all later ones take. An asynchronous one would find the runtime's threads there already, and a SIGTERM that reaches
/// one of them ends the process undrained.
@main
enum EntryPoint {
    static func main() {
        do {
            var command = try Switchover.parseAsRoot()
            guard let waiting = command as? any AsyncParsableCommand else {
                try command.run()
                Switchover.exit()
            }
            start(waiting)
        } catch {
            Switchover.exit(withError: error)
        }
        dispatchMain()
    }

    private static func start(_ command: any AsyncParsableCommand) {
        nonisolated(unsafe) var command = command
        Task {
            do {
                try await command.run()
                Switchover.exit()
            } catch {
                Switchover.exit(withError: error)
            }
        }
    }
}
