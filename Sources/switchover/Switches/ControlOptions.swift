import ArgumentParser
import Sidecar

/// Where the sidecar is that a command speaks to, and how its answer is written.
struct ControlOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The configuration file, which says where the control socket is.", valueName: "file"),
        completion: Completions.configurations)
    var config = "switchover.yaml"

    @Option(help: ArgumentHelp("The control socket, in place of the configuration's.", valueName: "path"))
    var control: String?

    @Flag(help: "Write the answer as one line of JSON, with the fields of the control socket's messages.")
    var json = false

    /// The control socket's path. What is wrong goes to standard error, and the command ends with status 1.
    func path() throws -> String { try control ?? ConfigurationOptions.load(config).control }
}

/// How a command ends that asked the sidecar for something.
enum Exit {
    static let refused = ExitCode(2)
    static let unavailable = ExitCode(3)

    static let discussion = """
        Exit status: 0 done; 1 the configuration cannot be read; 2 the sidecar refuses, standard error says why and \
        what to do; 3 the sidecar does not answer, its answer cannot be read, or the change is not in force yet; 64 \
        the command line is wrong. \
        \(Problem.discussion)
        """
}

/// The words of what the commands print.
enum Words {
    static let discussion = """
        A key's stage is old (not enrolled: old alone), dualOld (enrolled: written on both sides, read from old), \
        dualNew (gray: read from new), newMirrored (new decides, old is kept up) or new. A call without one \
        stage (its request has no gray key, or it was refused) counts as undecided. An epoch is the number of a change \
        of the switches; a lane is the queue of writes of one record.
        """
}

/// What every change of the switches takes.
struct ChangeOptions: ParsableArguments {
    @Flag(name: .long, help: "Say what would move and what stands in the way; change nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("Why, for the audit file.", valueName: "text"))
    var reason = ""

    @Option(
        help: ArgumentHelp("Change it only if the switches are at this epoch (status shows it).", valueName: "epoch"))
    var ifEpoch: UInt64?

    @Option(
        help: ArgumentHelp(
            "Make the move although records could disappear from sight; type what the refusal says: the migration's "
                + "name, or how many records.", valueName: "word"))
    var force = ""

    @Option(
        help: ArgumentHelp(
            "Move on although the two sides of so many records may differ.", valueName: "number"))
    var acceptDirty: UInt64 = 0

    @Flag(help: "New holds no record of the migration, or none of the keys that are enrolled again.")
    var newIsEmpty = false

    func validate() throws {
        // On the wire 0 stands for whichever epoch is present.
        guard ifEpoch != 0 else { throw ValidationError("--if-epoch: the first epoch is 1") }
    }
}
