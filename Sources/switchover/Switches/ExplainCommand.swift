import ArgumentParser
import SwiftProtobuf
import SwitchoverProtocol

/// `switchover explain`
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says what the switches mean for one gray key.",
        discussion: """
            switchover explain orders 406

            A key of several components is written with commas between them: 406,north. \(Exit.discussion)
            """)

    @Argument(help: "The migration's name.")
    var migration: String

    @Argument(help: "A gray key.")
    var key: String

    @OptionGroup var control: ControlOptions

    func run() async throws {
        let request = Switchover_V1_ExplainKeyRequest.with {
            $0.migration = migration
            $0.key = GrayKeyText.key(key)
        }
        let answer: Switchover_V1_ExplainKeyResponse = try await ControlClient(control).call("ExplainKey", request)
        if control.json { return print(try answer.jsonString()) }
        print("\(key) is at stage \(answer.stage) (epoch \(answer.epoch))")
        print("  enrolled \(answer.enrolled ? "yes" : "no"), gray \(answer.gray ? "yes" : "no")")
        print("  cohort bucket \(answer.bucket): in from \(SwitchesText.percent(answer.bucket + 1)) on")
        for route in answer.routes { print("  \(route)") }
    }
}
