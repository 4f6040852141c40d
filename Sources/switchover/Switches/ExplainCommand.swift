import ArgumentParser
import Foundation
import Sidecar
import Stores
import SwiftProtobuf
import SwitchoverClient
import SwitchoverProtocol

/// `switchover explain`
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says where one record stands, or what the switches mean for one gray key.",
        discussion: """
            switchover explain orders 31198570044         both states of a record, its stage, its lane, its last writes
            switchover explain orders --gray-key 406      stage and routes of a gray key

            A key of several parts is written with commas between them: 406,north. Both sides of a record are shown \
            where they are databases; writes are remembered since the process started. \(Words.discussion) \
            \(Exit.discussion)
            """)

    @Argument(help: "The migration's name.", completion: Completions.migrations)
    var migration: String

    @Argument(help: "A record key.")
    var key: String?

    @Option(help: ArgumentHelp("A gray key, in place of a record key.", valueName: "key"))
    var grayKey: String?

    @OptionGroup var control: ControlOptions

    func validate() throws {
        guard (key == nil) != (grayKey == nil) else {
            throw ValidationError("name a record key, or a gray key with --gray-key")
        }
    }

    func run() async throws {
        if let key { return try await explain(record: key) }
        let request = Switchover_V1_ExplainKeyRequest.with {
            $0.migration = migration
            $0.key = GrayKeyText.key(grayKey ?? "")
        }
        let answer: Switchover_V1_ExplainKeyResponse = try await ControlClient(control).call("ExplainKey", request)
        if control.json { return print(try answer.json()) }
        print("\(grayKey ?? "") is at stage \(answer.stage) (epoch \(answer.epoch))")
        print("  enrolled \(answer.enrolled ? "yes" : "no"), gray \(answer.gray ? "yes" : "no")")
        print("  cohort bucket \(answer.bucket): in from \(SwitchesText.percent(answer.bucket + 1)) on")
        for route in answer.routes { print("  \(route)") }
    }

    private func explain(record text: String) async throws {
        let entity = try entity()
        let fields = entity.key.map { entity.fields[$0] }
        // A text may have commas of its own, where it is the only part.
        let parts = fields.count == 1 ? [text] : text.components(separatedBy: ",")
        guard parts.count == fields.count else {
            let form = fields.map { $0.name.uppercased() }.joined(separator: ",")
            throw ValidationError("write the record key as \(form)")
        }
        var request = Switchover_V1_ExplainRecordRequest()
        request.migration = migration
        request.key.parts = try zip(parts, fields).map { try ValueText.value($0, of: $1).wire() }
        let answer: Switchover_V1_ExplainRecordResponse = try await ControlClient(control).call(
            "ExplainRecord", request)
        if control.json { return print(try answer.json()) }
        for line in RecordExplanation(text, answer, entity).lines { print(line) }
    }

    private func entity() throws -> RecordEntity {
        let configuration = try ConfigurationOptions.load(control.config)
        let names = configuration.migrations.map(\.name)
        guard let migration = configuration.migrations.first(where: { $0.name == migration }) else {
            throw ValidationError(
                "there is no migration \(migration) in \(control.config); write \(names.joined(separator: ", "))")
        }
        guard let entity = migration.records?.entity else {
            throw Problem.report(
                "the records of \(migration.name) are not in databases, where they could be looked up; switchover "
                    + "explain \(migration.name) --gray-key KEY says what the switches mean for a gray key",
                code: Problem.name(.failedPrecondition), exit: Exit.refused)
        }
        return entity
    }
}
