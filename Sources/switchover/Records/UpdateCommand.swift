import ArgumentParser
import SwitchoverClient

/// `switchover update`
struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Changes a record that must exist.",
        discussion: """
            switchover update orders 31198570044 status=sent
            switchover update orders 31198570044 status=sent note=null --gray-key 406 --expected-version 3

            Fields that are not named keep their values; the gray key's field gives the record another gray key. The \
            record is shown as it is then. \(ValueText.forms) \(DataOptions.exits)
            """)

    @OptionGroup var options: DataOptions

    @Argument(help: "The record key; its parts with commas between them.")
    var key: String

    @Argument(help: "Changes, each as FIELD=VALUE.")
    var changes: [String]

    @OptionGroup var grayKey: GrayKeyOption
    @OptionGroup var version: VersionOption
    @OptionGroup var write: WriteOptions

    func run() async throws {
        let session = try await DataSession(options)
        let key = try session.key(key)
        let gray = try session.grayKey(grayKey)
        let changes = RecordChanges(try session.values(changes))
        let updated = try await session.run {
            try await session.records.update(
                key, grayKey: gray, set: changes, expectedVersion: version.expectedVersion, options: write.call)
        }
        session.show(updated)
    }
}
