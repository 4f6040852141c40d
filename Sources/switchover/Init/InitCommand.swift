import ArgumentParser
import Foundation
import Sidecar

/// `switchover init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a configuration to start from.",
        discussion: """
            From the descriptor of your services, made by protoc --include_imports --descriptor_set_out=shop.binpb:
              switchover init --descriptor shop.binpb --service shop.v1.Orders
            From two SQLite tables:
              switchover init --sqlite-old old.db --table t_order --sqlite-new new.db --new-table orders
            Without either: a template.

            What can be read is filled in. What was guessed from names and shapes is marked "guess"; what you have to \
            decide is marked "decide", and switchover check names those lines.

            Exit status: 0 written, 1 a source cannot be read or the file is there already, 64 the command line is \
            wrong.
            """)

    @Option(help: ArgumentHelp("A file that holds a FileDescriptorSet.", valueName: "file"))
    var descriptor: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A service to move, of those in the descriptor; may be given several times (all).",
            valueName: "package.Service"))
    var service: [String] = []

    @Option(help: ArgumentHelp("The database with the old table.", valueName: "file"))
    var sqliteOld: String?

    @Option(help: ArgumentHelp("The old table.", valueName: "name"))
    var table: String?

    @Option(help: ArgumentHelp("The database with the new table.", valueName: "file"))
    var sqliteNew: String?

    @Option(help: ArgumentHelp("The new table (the old one's name).", valueName: "name"))
    var newTable: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; - is standard output.", valueName: "file"))
    var output = "switchover.yaml"

    @Flag(help: "Write in place of a file that is there already.")
    var force = false

    func validate() throws {
        let isOfTables = sqliteOld != nil || sqliteNew != nil || table != nil || newTable != nil
        if descriptor != nil, isOfTables {
            throw ValidationError("name a descriptor or tables; a migration moves one or the other")
        }
        if isOfTables, sqliteOld == nil || sqliteNew == nil || table == nil {
            throw ValidationError("tables are named by --sqlite-old, --table, --sqlite-new and --new-table")
        }
        if !service.isEmpty, descriptor == nil { throw ValidationError("--service names one of a --descriptor") }
    }

    func run() throws {
        let text: String
        do {
            text = try makeText()
        } catch let fault as StarterConfiguration.Fault {
            StandardError.write(fault.description)
            throw ExitCode.failure
        }
        if output == "-" { return print(text, terminator: "") }
        try write(text)
        print("wrote \(output); look at the lines marked guess and decide, then: switchover check --config \(output)")
    }

    private func makeText() throws -> String {
        if let descriptor {
            guard let bytes = FileManager.default.contents(atPath: descriptor) else {
                throw StarterConfiguration.Fault(
                    description: "\(descriptor) cannot be read; make it with: "
                        + "protoc --include_imports --descriptor_set_out=\(descriptor) FILE.proto")
            }
            return try StarterConfiguration.text(descriptor: Array(bytes), source: descriptor, services: service)
        }
        guard let sqliteOld, let sqliteNew, let table else { return StarterConfiguration.template }
        return try StarterConfiguration.text(
            old: StarterConfiguration.Table(path: sqliteOld, name: table),
            new: StarterConfiguration.Table(path: sqliteNew, name: newTable ?? table))
    }

    private func write(_ text: String) throws {
        do {
            // An existing file is found out by the system, not by a look beforehand.
            let options: Data.WritingOptions = force ? .atomic : .withoutOverwriting
            try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: options)
        } catch let error as CocoaError where error.code == .fileWriteFileExists {
            StandardError.write(
                "\(output) is there already; name another file with --output, or replace it with --force")
            throw ExitCode.failure
        } catch {
            // A new file that is half written would be in the way of the next try.
            if !force { unlink(output) }
            StandardError.write("cannot write \(output): \(error.localizedDescription)")
            throw ExitCode.failure
        }
    }
}
