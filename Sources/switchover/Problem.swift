import ArgumentParser
import SwiftProtobuf
import SwitchoverClient

/// Why a command ends without what it was asked for: a sentence on standard error. With `--json` it is an object of one
/// line on standard output, where the answer would be, so that a script reads one stream:
///
///     {"error":{"code":"UNAVAILABLE","message":"no sidecar answers at ...","exitStatus":3}}
///
/// `code` is the gRPC status of the sidecar's answer, `INVALID_CONFIGURATION`, or `USAGE`.
enum Problem {
    static let invalidConfiguration = "INVALID_CONFIGURATION"
    static let usage = "USAGE"
    static let notFound = name(.notFound)
    static let unavailable = name(.unavailable)

    static let discussion = """
        With --json a failure is an object on standard output too: {"error":{"code":"UNAVAILABLE","message":"...",\
        "exitStatus":3}}; a number is a number, and a field that is 0, false or empty is left out.
        """

    /// Whether whoever called this command reads JSON. Known before the command line is understood, since what is wrong
    /// with it must be said in the same form.
    static let isJSON = CommandLine.arguments.contains("--json")

    /// Says what is wrong, and returns what the command is to throw.
    static func report(_ message: String, code: String, exit: ExitCode) -> ExitCode {
        if isJSON { print(json(message, code: code, exit: exit)) } else { StandardError.write(message) }
        return exit
    }

    static func json(_ message: String, code: String, exit: ExitCode) -> String {
        "{\"error\":{\"code\":\(RecordText.quoted(code)),\"message\":\(RecordText.quoted(message)),"
            + "\"exitStatus\":\(exit.rawValue)}}"
    }

    /// As gRPC writes a status: `FAILED_PRECONDITION`.
    static func name(_ code: SwitchoverError.Code) -> String {
        "\(code)".reduce(into: "") { $0 += ($1.isUppercase ? "_" : "") + $1.uppercased() }
    }
}

extension Message {
    /// One line of JSON, with numbers as numbers.
    func json() throws -> String {
        var options = JSONEncodingOptions()
        options.alwaysPrintInt64sAsNumbers = true
        return try jsonString(options: options)
    }
}
