import ArgumentParser
import Stores
import SwitchoverClient

/// `switchover query`
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Lists the records that conditions let through, merged from both sides as for any client.",
        discussion: """
            switchover query orders --where status=open --order -created_at --limit 20 --gray-key 406
            switchover query orders --where 'total>=12.5' --where 'note!=null' --json
            switchover query orders --where name^=A --limit 0

            Conditions: FIELD and = != < <= > >= or ^= (begins with) and a value, in quotes where the shell would \
            take < or >; all of them must hold. When there are more records, the last line on standard error says how \
            to go on. \(ValueText.forms) \(DataOptions.exits)
            """)

    @OptionGroup var options: DataOptions

    @Option(
        name: .customLong("where"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("What must hold; may be given several times.", valueName: "condition"))
    var conditions: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A field to order by, with - before it for descending; may be given several times.", valueName: "field"))
    var order: [String] = []

    @Option(help: ArgumentHelp("How many records at most; 0: all.", valueName: "count"))
    var limit = 20

    @Option(help: ArgumentHelp("Where an earlier query left off.", valueName: "token"))
    var after: String?

    @Option(help: ArgumentHelp("Only records with this gray key, and only their side is asked.", valueName: "value"))
    var grayKey: String?

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit is a number from 0 on") }
        guard after.map({ PageToken($0) != nil }) ?? true else {
            throw ValidationError("--after takes what an earlier query wrote at its end")
        }
    }

    func run() async throws {
        let session = try await DataSession(options)
        let conditions = try conditions.map { try Condition($0).filter(session) }
        let order = try order.map { try Self.order($0, session) }
        let gray = try grayKey.map { try ValueText.value($0, of: session.entity.fields[session.entity.grayKey]) }
        var token = after.flatMap { PageToken($0) }
        var count = 0
        var isFirst = true
        repeat {
            let wanted = limit == 0 ? 1_000 : min(limit - count, 1_000)
            let page = try await session.run {
                try await session.records.page(
                    where: conditions.isEmpty ? nil : .all(conditions), orderBy: order, grayKey: gray, limit: wanted,
                    after: token)
            }
            if let missing = page.missing { StandardError.write("records of side \(missing.rawValue) are missing") }
            session.show(page.records, isFirst: isFirst)
            try StandardOutput.flush()
            isFirst = false
            count += page.records.count
            token = page.nextToken
        } while token != nil && (limit == 0 || count < limit)
        if let token { StandardError.write("there may be more: --after \(token)") }
    }

    private static func order(_ text: String, _ session: DataSession) throws -> RecordOrder {
        let isDescending = text.hasPrefix("-")
        let field = try session.field(isDescending ? text.dropFirst() : text[...])
        return isDescending ? .descending(field.name) : .ascending(field.name)
    }
}
