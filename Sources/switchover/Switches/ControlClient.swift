import ArgumentParser
import SwiftProtobuf
import SwitchoverClient

/// The commands' way to the control socket: what goes wrong ends the command, with words and a status.
struct ControlClient {
    private let client: SwitchoverClient
    private let path: String

    init(_ options: ControlOptions) throws {
        path = try options.path()
        var clientOptions = ClientOptions()
        clientOptions.connectTimeout = .zero
        do {
            client = try SwitchoverClient("unix:\(path)", options: clientOptions)
        } catch {
            throw Problem.report(error.message, code: Problem.name(error.code), exit: .failure)
        }
    }

    func call<Request: Message, Reply: Message>(_ method: String, _ request: Request) async throws -> Reply {
        do throws(SwitchoverError) {
            return try await client.call("/switchover.v1.Control/\(method)", request)
        } catch {
            throw report(error)
        }
    }

    /// Nil where there is nothing of the kind (`NOT_FOUND`).
    func find<Request: Message, Reply: Message>(_ method: String, _ request: Request) async throws -> Reply? {
        do throws(SwitchoverError) {
            return try await client.call("/switchover.v1.Control/\(method)", request)
        } catch {
            if error.code == .notFound { return nil }
            throw report(error)
        }
    }

    private func report(_ error: SwitchoverError) -> ExitCode {
        let isOpen = error.code == .unavailable || error.code == .deadlineExceeded
        return Problem.report(
            words(error), code: Problem.name(error.code), exit: isOpen ? Exit.unavailable : Exit.refused)
    }

    private func words(_ error: SwitchoverError) -> String {
        guard error.isUnreachable else { return error.message }
        return "no sidecar answers at \(path); is it running? (\(error.message))"
    }
}

extension SwitchoverError {
    /// Nobody listens there.
    var isUnreachable: Bool { message.hasPrefix("cannot reach") }
}
