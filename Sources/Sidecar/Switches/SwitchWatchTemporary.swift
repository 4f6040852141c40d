import Logging
final class SwitchWatch {
    init(configuration: Configuration, logger: Logger, _ d: @escaping @Sendable (SwitchSnapshot) -> Void) throws {
        var reader = SwitchFileReader(path: configuration.switches, migrations: configuration.switchedMigrations)
        d(try reader.read(try FileContent.read(configuration.switches, limit: 1 << 26)))
    }
    func stop() {} }
