import ArgumentParser
import Sidecar
import Stores
import SwitchoverClient

/// What every command takes that reads or writes records.
struct DataOptions: ParsableArguments {
    @Argument(
        help: "The entity's name; without entity: in the configuration that is the migration's.",
        completion: Completions.entities)
    var entity: String

    @Option(
        help: ArgumentHelp(
            "The configuration file, which says what the fields are and where the sidecar listens.", valueName: "file"),
        completion: Completions.configurations)
    var config = "switchover.yaml"

    @Option(
        help: ArgumentHelp(
            "The sidecar's data port, in place of the configuration's: host:port or unix:/path.", valueName: "address"))
    var address: String?

    @Option(
        help: ArgumentHelp(
            "The control socket, in place of the configuration's: it tells where the sidecar really listens.",
            valueName: "path"))
    var control: String?

    @Flag(help: "Write records as JSON, one object a line.")
    var json = false

    static let exits = """
        Exit status: 0 done; 1 the configuration cannot be read; 2 refused, or there is no such record; 3 the sidecar \
        does not answer, or what became of a write is not known; 64 the command line is wrong. \(Problem.discussion)
        """
}

/// The gray key, which saves the sidecar a look-up.
struct GrayKeyOption: ParsableArguments {
    @Option(help: ArgumentHelp("The record's gray key, if it is known: saves a look-up.", valueName: "value"))
    var grayKey: String?
}

/// What every command takes that writes.
struct WriteOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Sent as the metadata idempotency-key. The sidecar does nothing with it yet: a repeated write is made "
                + "again.",
            valueName: "text"))
    var idempotencyKey: String?

    var call: CallOptions { CallOptions(idempotencyKey: idempotencyKey) }
}

/// The option that makes a write depend on the record's version.
struct VersionOption: ParsableArguments {
    @Option(help: ArgumentHelp("Write only if the record has this version.", valueName: "version"))
    var expectedVersion: Int64?
}
