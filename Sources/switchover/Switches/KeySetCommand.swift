import ArgumentParser
import SwiftProtobuf
import SwitchoverProtocol

/// What `gray` and `enrol` do with their set.
enum SetAction: String, ExpressibleByArgument, CaseIterable {
    case add, remove, percent, all, none, file, show, preview
}

/// `switchover gray`
struct GrayCommand: KeySetCommand {
    static let configuration = CommandConfiguration(
        commandName: "gray",
        abstract: "Changes which keys are read from new.",
        discussion: discussion(
            "gray",
            "read from new: new is asked first, and old for what new does not have (yet). Nothing is copied by it"))

    @OptionGroup var arguments: KeySetArguments
    @OptionGroup var options: ChangeOptions
    @OptionGroup var control: ControlOptions

    static func set(of switches: Switchover_V1_Switches) -> Switchover_V1_GrayKeySet { switches.gray }
    static func change(_ change: Switchover_V1_SetChange) -> Switchover_V1_ChangeSwitchesRequest.OneOf_Change {
        .gray(change)
    }
}

/// `switchover enrol`
struct EnrolCommand: KeySetCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Changes which keys are written on both sides.",
        discussion: discussion(
            "enrol",
            "written on both sides and still read from old: a write of a record that both sides have goes to both, of "
                + "a record that one side has to that side. What becomes of inserts the configuration says: with "
                + "inserts: new (the default) new records are on new alone, and old stops growing. Nothing is copied "
                + "by it"))

    @OptionGroup var arguments: KeySetArguments
    @OptionGroup var options: ChangeOptions
    @OptionGroup var control: ControlOptions

    static func set(of switches: Switchover_V1_Switches) -> Switchover_V1_GrayKeySet { switches.enrolled }
    static func change(_ change: Switchover_V1_SetChange) -> Switchover_V1_ChangeSwitchesRequest.OneOf_Change {
        .enrolled(change)
    }
}

struct KeySetArguments: ParsableArguments {
    @Argument(help: "The migration's name.", completion: Completions.migrations)
    var migration: String

    @Argument(help: "add, remove, percent, all, none, file, show or preview.")
    var action: SetAction

    @Argument(help: "Keys, a percentage, or a file; after preview, another action and its values.")
    var values: [String] = []
}

/// A command that changes one of a migration's two sets of gray keys.
protocol KeySetCommand: ChangeCommand {
    var arguments: KeySetArguments { get }
    static func set(of switches: Switchover_V1_Switches) -> Switchover_V1_GrayKeySet
    static func change(_ change: Switchover_V1_SetChange) -> Switchover_V1_ChangeSwitchesRequest.OneOf_Change
}

extension KeySetCommand {
    var migration: String { arguments.migration }

    static func discussion(_ command: String, _ meaning: String) -> String {
        """
        Keys in the set are \(meaning).

        switchover \(command) orders add 367 406       these keys are in
        switchover \(command) orders remove 367        this key is out, whatever the percentage says
        switchover \(command) orders percent 5         5 % of the keys that are not listed are in
        switchover \(command) orders all | none        every key, no key
        switchover \(command) orders file keys.txt     the keys of a file beside the switch file; "" for none
        switchover \(command) orders show              what the set is now
        switchover \(command) orders preview percent 5 what a change would move, without making it

        A key of several components is written with commas between them: 406,north. \(Exit.discussion)
        """
    }

    func run() async throws {
        if arguments.action == .show { return try await show() }
        if arguments.action == .preview {
            guard let word = arguments.values.first, let action = SetAction(rawValue: word), action != .preview,
                action != .show
            else { throw ValidationError("after preview comes what to preview: add, remove, percent, all, none, file") }
            return try await preview(action, Array(arguments.values.dropFirst()))
        }
        _ = try await make(Self.change(try Self.change(arguments.action, arguments.values)))
    }

    private func preview(_ action: SetAction, _ values: [String]) async throws {
        _ = try await make(Self.change(try Self.change(action, values)), isDryRun: true)
    }

    private func show() async throws {
        let request = Switchover_V1_GetStatusRequest.with { $0.migration = migration }
        let response: Switchover_V1_GetStatusResponse = try await ControlClient(control).call("GetStatus", request)
        guard let status = response.migrations.first, status.hasInForce else {
            throw Problem.report(
                "no switches are known for \(migration)", code: Problem.unavailable, exit: Exit.unavailable)
        }
        let set = Self.set(of: status.inForce)
        print(control.json ? try set.json() : SwitchesText.short(set))
    }

    private static func change(_ action: SetAction, _ values: [String]) throws -> Switchover_V1_SetChange {
        var change = Switchover_V1_SetChange()
        switch action {
        case .add: change.add.keys = try keys(values)
        case .remove: change.remove.keys = try keys(values)
        case .percent: change.percentTimes100 = try percent(values)
        case .all: change.all = true
        case .none: change.none = true
        case .file: change.allowFile = try one(values, "a file")
        case .show, .preview: throw ValidationError("\(action.rawValue) stands alone")
        }
        if action == .all || action == .none, !values.isEmpty {
            throw ValidationError("\(action.rawValue) takes no values")
        }
        return change
    }

    private static func keys(_ values: [String]) throws -> [Switchover_V1_GrayKey] {
        guard !values.isEmpty else { throw ValidationError("name at least one key") }
        return values.map { GrayKeyText.key($0) }
    }

    private static func one(_ values: [String], _ what: String) throws -> String {
        guard values.count == 1 else { throw ValidationError("give \(what)") }
        return values[0]
    }

    /// Hundredths of a percent.
    private static func percent(_ values: [String]) throws -> UInt32 {
        let text = try one(values, "a percentage from 0 to 100")
        guard let value = Double(text.hasSuffix("%") ? String(text.dropLast()) : text), (0...100).contains(value),
            (value * 100).rounded() == value * 100 || abs((value * 100).rounded() - value * 100) < 1e-6
        else { throw ValidationError("a percentage is a number from 0 to 100 with at most two decimals") }
        return UInt32((value * 100).rounded())
    }
}

/// A gray key as the command line takes it.
enum GrayKeyText {
    /// Components with commas between them; a text that has commas of its own is written in a file of keys.
    static func key(_ text: String) -> Switchover_V1_GrayKey {
        .with { $0.components = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }
}
