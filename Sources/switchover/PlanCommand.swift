import ArgumentParser
import Foundation
import Sidecar

/// `switchover plan`
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Says what would happen to a call at each stage, and now, without sending it.",
        discussion: """
            switchover plan Change
            switchover plan shop.v1.Orders/Change --request change.binpb

            The request is the protobuf message as it is on the wire, without gRPC's prefix; - is standard input. With \
            it the keys are read and the present stage, by the switch file, is marked with >.

            Exit status: 0; 1 when there is no such method or the request cannot be read.
            """)

    @Argument(help: "A method: its name, package.Service/Name, or /package.Service/Name.")
    var method: String

    @Option(help: ArgumentHelp("A file with the request's bytes, or -.", valueName: "file"))
    var request: String?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.load()
        do {
            let inspection = try CallInspection(method, message: try message(), in: configuration)
            for line in try inspection.lines() { print(line) }
        } catch let fault as CallInspection.Fault {
            StandardError.write(fault.description)
            throw ExitCode.failure
        }
    }

    private func message() throws -> [UInt8]? {
        guard let request else { return nil }
        if request == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: request) else {
            StandardError.write("\(request) cannot be read")
            throw ExitCode.failure
        }
        return Array(data)
    }
}
