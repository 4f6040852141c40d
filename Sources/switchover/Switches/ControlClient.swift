import ArgumentParser
import SwiftProtobuf
import SwitchoverClient
import SwitchoverProtocol

/// The commands' way to the control socket: what goes wrong ends the command, with words and a status.
struct ControlClient {
    private let client: SwitchoverClient
    private let path: String

    /// Longest answer: lists of keys that stand in the switch file itself (64 MiB) come several times in one.
    static let messageBytes = 1 << 30

    init(_ options: ControlOptions) throws {
        path = try options.path()
        var clientOptions = ClientOptions()
        clientOptions.connectTimeout = .zero
        clientOptions.messageBytes = Self.messageBytes
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

    /// Asks for a change of the switches, as long as the sidecar may take for it, and says what it waits for meanwhile.
    func change(
        _ request: Switchover_V1_ChangeSwitchesRequest
    ) async throws -> Switchover_V1_ChangeSwitchesResponse {
        let longest = await process()?.changeMilliseconds ?? 0
        let seconds = longest > 0 ? longest / 1000 + 10 : 60
        let teller = Task { await tellWhatWaits(request.migration) }
        defer { teller.cancel() }
        do throws(SwitchoverError) {
            return try await client.call(
                "/switchover.v1.Control/ChangeSwitches", request, options: CallOptions(timeout: .seconds(seconds)))
        } catch {
            let isOpen = !error.isAnswer && !error.isUnreachable && !request.dryRun
            throw report(
                error,
                isOpen
                    ? ". Whether the change has been made is not known: switchover status \(request.migration)" : "")
        }
    }

    private func process() async -> Switchover_V1_GetProcessResponse? {
        try? await client.call(
            "/switchover.v1.Control/GetProcess", Switchover_V1_GetProcessRequest(),
            options: CallOptions(timeout: .seconds(10)))
    }

    /// To standard error, once.
    private func tellWhatWaits(_ migration: String) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            guard let pending = await process()?.pending.first(where: { $0.migration == migration }) else { continue }
            let seconds = (pending.atMostMilliseconds + 999) / 1000
            let end = seconds > 0 ? ", for \(seconds) s at most" : ""
            return StandardError.write(
                "epoch \(pending.epoch) of \(migration) is not in force yet: \(pending.waitsFor). Waiting for "
                    + "that\(end)")
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

    /// An answer that was lost, or that cannot be read, refuses nothing.
    private func report(_ error: SwitchoverError, _ advice: String = "") -> ExitCode {
        let isOpen = !error.isAnswer || error.code == .unavailable || error.code == .deadlineExceeded
        return Problem.report(
            words(error) + advice, code: Problem.name(error.code), exit: isOpen ? Exit.unavailable : Exit.refused)
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
