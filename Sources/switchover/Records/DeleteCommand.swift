import ArgumentParser
import SwitchoverClient

/// `switchover delete`
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Removes a record that must exist.",
        discussion: """
            switchover delete orders 31198570044
            switchover delete orders 31198570044 --gray-key 406 --expected-version 3

            The record is shown as it was. \(ValueText.forms) \(DataOptions.exits)
            """)

    @OptionGroup var options: DataOptions

    @Argument(help: "The record key; its parts with commas between them.")
    var key: String

    @OptionGroup var grayKey: GrayKeyOption
    @OptionGroup var version: VersionOption
    @OptionGroup var write: WriteOptions

    func run() async throws {
        let session = try await DataSession(options)
        let key = try session.key(key)
        let gray = try session.grayKey(grayKey)
        let removed = try await session.run {
            try await session.records.delete(
                key, grayKey: gray, expectedVersion: version.expectedVersion, options: write.call)
        }
        session.show(removed)
    }
}
