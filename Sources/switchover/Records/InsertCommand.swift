import ArgumentParser
import SwitchoverClient

/// `switchover insert`
struct InsertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "insert",
        abstract: "Adds a record that must not exist yet.",
        discussion: """
            switchover insert orders order_id=1 store_id=406 status=open total=12.50

            The key's fields and the gray key must be given; a field that is left out gets its column's default. The \
            record is shown as it is then. \(ValueText.forms) \(DataOptions.exits)
            """)

    @OptionGroup var options: DataOptions

    @Argument(help: "Fields, each as FIELD=VALUE.")
    var values: [String]

    @OptionGroup var write: WriteOptions

    func run() async throws {
        let session = try await DataSession(options)
        let record = AnyRecord(Dictionary(uniqueKeysWithValues: try session.values(values).map { ($0.name, $0.value) }))
        session.show(try await session.run { try await session.records.insert(record, options: write.call) })
    }
}
