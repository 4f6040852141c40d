import ArgumentParser
import SwitchoverClient

/// `switchover upsert`
struct UpsertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upsert",
        abstract: "Changes a record, or adds it when it does not exist.",
        discussion: """
            switchover upsert orders order_id=1 store_id=406 status=sent

            The key's fields and the gray key must be given. A field that is left out keeps its value, or gets its \
            column's default. The record is shown as it is then. \(ValueText.forms) \(DataOptions.exits)
            """)

    @OptionGroup var options: DataOptions

    @Argument(help: "Fields, each as FIELD=VALUE.")
    var values: [String]

    @OptionGroup var write: WriteOptions

    func run() async throws {
        let session = try await DataSession(options)
        let record = AnyRecord(Dictionary(uniqueKeysWithValues: try session.values(values).map { ($0.name, $0.value) }))
        session.show(try await session.run { try await session.records.upsert(record, options: write.call) })
    }
}
