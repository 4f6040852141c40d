import ArgumentParser
import SwitchoverClient

/// `switchover get`
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows records by their keys, as the sidecar answers its clients.",
        discussion: """
            switchover get orders 31198570044
            switchover get orders 31198570044 --gray-key 406 --json
            switchover get lines 31198570044,1       a key of two fields

            Records that do not exist are named on standard error. \(ValueText.forms) \(DataOptions.exits)
            """)

    @OptionGroup var options: DataOptions

    @Argument(help: "Record keys; the parts of one with commas between them.")
    var keys: [String]

    @OptionGroup var grayKey: GrayKeyOption

    func run() async throws {
        let session = try await DataSession(options)
        let gray = try session.grayKey(grayKey)
        let keys = try keys.map { (text: $0, key: try session.key($0)) }
        var isMissing = false
        var isFirst = true
        for (text, key) in keys {
            let found = try await session.run { try await session.records.get(key, grayKey: gray) }
            if let found {
                if !isFirst, !options.json { print("") }
                isFirst = false
                session.show(found)
            } else {
                _ = Problem.report(
                    "\(options.entity) has no record \(text)", code: Problem.notFound, exit: Exit.refused)
                isMissing = true
            }
        }
        if isMissing { throw Exit.refused }
    }
}
