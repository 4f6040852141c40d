import ArgumentParser
import Foundation
import Sidecar
import Stores
import SwitchoverClient
import SwitchoverProtocol

/// A command's way to the records of one entity: what goes wrong ends the command, with words and a status.
struct DataSession {
    let entity: RecordEntity
    let records: Records<AnyRecord>
    private let address: String
    private let isJSON: Bool

    init(_ options: DataOptions) async throws {
        let configuration = try ConfigurationOptions.load(options.config)
        entity = try Self.entity(options, configuration)
        if let named = options.address {
            address = named
        } else {
            address = await Self.listening(options.control ?? configuration.control) ?? "\(configuration.listen)"
        }
        isJSON = options.json
        var clientOptions = ClientOptions()
        clientOptions.connectTimeout = .zero
        clientOptions.messageBytes = max(clientOptions.messageBytes, configuration.limits.messageBytes)
        do {
            let client = try SwitchoverClient(address, options: clientOptions)
            records = client.records(
                of: entity.name, as: AnyRecord.self, key: entity.key.map { [entity] in entity.fields[$0].name },
                grayKey: entity.fields[entity.grayKey].name,
                version: entity.version.map { [entity] in entity.fields[$0].name })
        } catch  where error.code == .invalidArgument {
            throw ValidationError(error.message)
        } catch {
            throw Problem.report(error.message, code: Problem.name(error.code), exit: Exit.unavailable)
        }
    }

    /// Where the running sidecar takes calls, which its command line may have changed; nil where none answers.
    private static func listening(_ control: String) async -> String? {
        var options = ClientOptions()
        options.connectTimeout = .zero
        options.timeout = .seconds(2)
        guard let client = try? SwitchoverClient("unix:\(control)", options: options) else { return nil }
        let process: Switchover_V1_GetProcessResponse? =
            try? await client.call("/switchover.v1.Control/GetProcess", Switchover_V1_GetProcessRequest())
        return process.flatMap { $0.listen.isEmpty ? nil : $0.listen }
    }

    private static func entity(_ options: DataOptions, _ configuration: Configuration) throws -> RecordEntity {
        let entities = configuration.migrations.compactMap(\.records?.entity)
        if let entity = entities.first(where: { $0.name == options.entity }) { return entity }
        if entities.isEmpty {
            throw Problem.report(
                "\(options.config): no migration has records:, which these commands read and write; records of other "
                    + "services are reached by the services' own clients",
                code: Problem.invalidConfiguration, exit: .failure)
        }
        let names = entities.map(\.name).joined(separator: ", ")
        throw ValidationError("there is no entity \(options.entity) in \(options.config); write \(names)")
    }

    /// Runs a call; its failure ends the command.
    func run<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
        do {
            return try await call()
        } catch let error as SwitchoverError {
            // An answer that cannot be read says nothing of what became of a write.
            let isLost = !error.isAnswer && error.code != .invalidArgument
            let isOpen = isLost || [.unavailable, .deadlineExceeded, .cancelled, .unknown].contains(error.code)
            throw Problem.report(
                words(error), code: Problem.name(error.code), exit: isOpen ? Exit.unavailable : Exit.refused)
        }
    }

    private func words(_ error: SwitchoverError) -> String {
        if error.message.hasPrefix("cannot reach") {
            return "no sidecar answers at \(address); is it running? (\(error.message))"
        }
        // "store" only says that the words are a database's own.
        let cause = [error.reason == "store" ? nil : error.reason, error.side.map { "side \($0.rawValue)" }].compactMap
        { $0 }
        return error.message + (cause.isEmpty ? "" : " (\(cause.joined(separator: ", ")))")
    }

    func show(_ record: AnyRecord) {
        let text = RecordText(entity: entity)
        if isJSON { return print(text.json(of: record)) }
        for line in text.lines(of: record) { print(line) }
    }

    /// - Parameter isFirst: these are not the continuation of a table that has its head already.
    func show(_ records: [AnyRecord], isFirst: Bool) {
        let text = RecordText(entity: entity)
        let lines = isJSON ? records.map(text.json(of:)) : Array(text.table(of: records).dropFirst(isFirst ? 0 : 1))
        for line in lines { print(line) }
    }
}

/// What the words of a command line mean for the entity.
extension DataSession {
    func field(_ name: some StringProtocol) throws -> RecordEntity.Field {
        if let field = entity.fields.first(where: { $0.name == name }) { return field }
        let names = entity.fields.map(\.name).joined(separator: ", ")
        throw ValidationError("\(entity.name) has no field \(name); write one of \(names)")
    }

    /// `7`, or `406,7` for a key of two fields.
    func key(_ text: String) throws -> RecordKey {
        let fields = entity.key.map { entity.fields[$0] }
        // A text may have commas of its own, where it is the only part.
        let parts = fields.count == 1 ? [text] : text.components(separatedBy: ",")
        guard parts.count == fields.count else {
            throw ValidationError(
                "\"\(text)\" has \(parts.count) of \(fields.count) parts; write the record key as "
                    + fields.map { $0.name.uppercased() }.joined(separator: ","))
        }
        return RecordKey(try zip(parts, fields).map { try ValueText.value($0, of: $1) })
    }

    func grayKey(_ option: GrayKeyOption) throws -> RecordValue? {
        try option.grayKey.map { try ValueText.value($0, of: entity.fields[entity.grayKey]) }
    }

    /// `FIELD=VALUE` words.
    func values(_ words: [String]) throws -> [(name: String, value: RecordValue)] {
        var values: [(name: String, value: RecordValue)] = []
        for word in words {
            guard let equals = word.firstIndex(of: "=") else {
                throw ValidationError("\"\(word)\" gives no value; write FIELD=VALUE, like status=sent")
            }
            let field = try field(word[..<equals])
            guard !values.contains(where: { $0.name == field.name }) else {
                throw ValidationError("\(field.name) stands twice; write it once")
            }
            values.append((field.name, try ValueText.value(String(word[word.index(after: equals)...]), of: field)))
        }
        return values
    }
}
