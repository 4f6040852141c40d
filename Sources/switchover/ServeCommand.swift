import ArgumentParser
import Glibc
import Logging
import Sidecar

/// `switchover serve`
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the sidecar until SIGTERM or SIGINT.",
        discussion: """
            Logs go to standard error. SIGTERM drains: the sidecar says that it is not ready, serves on until its \
            clients have gone (at most drain.delay), tells those that are left to go, and lets their calls end (at \
            most drain.timeout). Writes of both sides then run to their end (at most limits.follower_timeout). A \
            second signal skips to the next of these steps.

            SIGINT and SIGQUIT do the same; SIGHUP, SIGUSR1 and SIGUSR2 are logged and change nothing. A log that \
            nobody reads, or that cannot be written, stops nothing: its lines are dropped and counted.

            A second sidecar on the same switch file or database is refused: a lock file beside each says who uses it. \
            Databases are put into WAL mode, old's too.

            Exit status: 0 after a drain; 1 when it cannot start; 3 when the drain ended under a write of both sides, \
            whose record the log names.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        let logs = LogQueue(descriptor: STDERR_FILENO, format: configuration.log.format)
        let level = configuration.log.level
        LoggingSystem.bootstrap { label in
            var handler = LineLogHandler(label: label, queue: logs)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "switchover")
        for warning in configuration.warnings { logger.warning("\(warning)") }
        do {
            // Never given back: what a thread still waits for (a name, a disk) is not waited for at the end.
            let process = Unmanaged.passRetained(
                try SidecarProcess(configuration: configuration, logger: logger, logs: logs))
            let status = try process.takeUnretainedValue().run()
            logs.close(withinMilliseconds: Self.flushMilliseconds)
            throw ExitCode(status)
        } catch let code as ExitCode {
            throw code
        } catch {
            logs.close(withinMilliseconds: Self.flushMilliseconds)
            StandardError.write("\(error)")
            throw ExitCode.failure
        }
    }

    /// How long the end waits for whoever reads the log.
    private static let flushMilliseconds = 2000
}
