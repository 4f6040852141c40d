import ArgumentParser
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
            most drain.timeout). A \
            second signal skips to the next of these steps.

            Exit status: 0 after a drain, 1 when it cannot start.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        let log = configuration.log
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                log.format == .json ? JSONLogHandler(label: label) : StreamLogHandler.standardError(label: label)
            handler.logLevel = log.level
            return handler
        }
        let logger = Logger(label: "switchover")
        for warning in configuration.warnings { logger.warning("\(warning)") }
        do {
            throw ExitCode(try SidecarProcess(configuration: configuration, logger: logger).run())
        } catch let code as ExitCode {
            throw code
        } catch {
            StandardError.write("\(error)")
            throw ExitCode.failure
        }
    }
}
