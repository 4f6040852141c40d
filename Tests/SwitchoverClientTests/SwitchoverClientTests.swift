import Dispatch
import EventLoop
import Glibc
import HTTP2
import Testing

@testable import SwitchoverClient

@Suite(.timeLimit(.minutes(5))) struct SwitchoverClientTests {
    private func client(
        _ server: GRPCServer, _ change: (inout ClientOptions) -> Void = { _ in }
    ) throws -> SwitchoverClient {
        var options = ClientOptions()
        change(&options)
        return try SwitchoverClient(server.address, options: options)
    }

    private func echo(_ limits: SessionLimits = SessionLimits()) throws -> GRPCServer {
        try GRPCServer(limits: limits) { .message($0.message) }
    }

    private func failure(_ call: () async throws(SwitchoverError) -> [UInt8]) async -> SwitchoverError? {
        do throws(SwitchoverError) {
            _ = try await call()
            return nil
        } catch {
            return error
        }
    }

    private static func folder() -> String {
        var template = Array("/tmp/switchover-client-XXXXXX".utf8CString)
        return template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    }

    // MARK: - What is sent, what comes back

    @Test func aCallBearsWhatGRPCAndTheSidecarAskFor() async throws {
        let server = try echo()
        defer { server.stop() }
        var options = CallOptions(timeout: .seconds(20), idempotencyKey: "once")
        options.metadata = [("x-tenant", "a")]
        #expect(try await client(server).call("/s.S/M", [1, 2], options: options) == [1, 2])
        let call = try #require(server.seen.calls.first)
        #expect(call.path == "/s.S/M")
        #expect(call.fields["content-type"] == "application/grpc")
        #expect(call.fields["te"] == "trailers")
        #expect(call.fields["idempotency-key"] == "once")
        #expect(call.fields["x-tenant"] == "a")
        #expect(call.fields["grpc-timeout"]?.isEmpty == false)
    }

    @Test func anErrorSaysAllThatTheSidecarSays() async throws {
        let server = try GRPCServer { _ in
            .failure(
                10,
                [
                    "grpc-message": "new has it, old%20has not", "switchover-error": "partial-write",
                    "switchover-side": "old",
                ])
        }
        defer { server.stop() }
        let client = try client(server)
        let error = await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) }
        #expect(
            error
                == SwitchoverError(
                    .aborted, "new has it, old has not", reason: "partial-write", side: .old, mayRetry: .no,
                    origin: .reply))
        #expect(server.seen.calls.count == 1)
    }

    @Test func aPartialAnswerSaysWhoIsMissing() async throws {
        let server = try GRPCServer { _ in .message([], trailers: ["switchover-partial": "new"]) }
        defer { server.stop() }
        let records = try client(server).records(
            of: "orders", as: AnyRecord.self, key: ["id"], grayKey: "store")
        #expect(try await records.page().missing == .new)
        await #expect(throws: SwitchoverError.self) { for try await _ in records.query() {} }
    }

    @Test(arguments: [0, 1, 3 << 20]) func messagesOfAnySizeComeAndGo(count: Int) async throws {
        let server = try echo()
        defer { server.stop() }
        let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let client = try client(server)
        #expect(try await client.call("/s.S/M", message) == message)
        #expect(try await client.call("/s.S/M", message) == message)
    }

    @Test func aReplyThatIsTooLongEndsTheCallAlone() async throws {
        let server = try GRPCServer { .message([UInt8](repeating: 0, count: $0.path == "/long" ? 1 << 20 : 10)) }
        defer { server.stop() }
        let client = try client(server) { $0.messageBytes = 1_000 }
        let error = await failure { () throws(SwitchoverError) in try await client.call("/long", []) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.mayRetry == .no)
        #expect(try await client.call("/short", []).count == 10)
        #expect(server.seen.connections == 1)
    }

    @Test func aFieldThatHTTP2ForbidsHarmsNobodyElse() async throws {
        let server = try echo()
        defer { server.stop() }
        let client = try client(server)
        #expect(try await client.call("/s.S/M", [1]) == [1])
        var options = CallOptions()
        options.metadata = [("X-Tenant", "a")]
        let error = await failure { () throws(SwitchoverError) in
            try await client.call("/s.S/M", [], options: options)
        }
        #expect(error?.code == .invalidArgument)
        #expect(try await client.call("/s.S/M", [2]) == [2])
        #expect(server.seen.connections == 1)
    }

    // MARK: - Many at once

    @Test func aThousandCallsShareTheStreamsThereAre() async throws {
        var limits = SessionLimits()
        limits.streams = 10
        let server = try echo(limits)
        defer { server.stop() }
        let client = try client(server)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    let message = Array("\(number)".utf8)
                    return try await client.call("/s.S/M", message) == message ? 1 : 0
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1_000)
        #expect(server.seen.calls.count == 1_000)
        #expect(server.seen.connections == 1)
        #expect(server.seen.mostOpen <= 10)
    }

    @Test func callsThatWaitHaveALimit() async throws {
        let server = try GRPCServer { _ in .silence }
        defer { server.stop() }
        server.stop()
        let client = try client(server) {
            $0.waitingCalls = 2
            $0.retry = .never
        }
        let errors = await withTaskGroup(of: SwitchoverError?.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    await failure { () throws(SwitchoverError) in
                        try await client.call("/s.S/M", [], options: CallOptions(timeout: .milliseconds(300)))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1?.code) }
        }
        #expect(errors.count { $0 == .resourceExhausted } == 3)
        #expect(errors.count { $0 == .deadlineExceeded } == 2)
    }

    // MARK: - Deadlines and cancellation

    @Test func aDeadlineResetsTheStream() async throws {
        let server = try GRPCServer { _ in .silence }
        defer { server.stop() }
        let client = try client(server)
        let error = await failure { () throws(SwitchoverError) in
            try await client.call("/s.S/M", [], options: CallOptions(timeout: .milliseconds(50)))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.mayRetry == .ifIdempotent)
        await server.sees { $0.resets == [HTTP2Code.cancel] }
    }

    @Test func aCancelledTaskResetsTheStream() async throws {
        let server = try GRPCServer { _ in .silence }
        defer { server.stop() }
        let client = try client(server)
        let task = Task { await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) } }
        await server.sees { $0.calls.count == 1 }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        await server.sees { $0.resets == [HTTP2Code.cancel] }
    }

    @Test func aTaskThatWasCancelledBeforeCallsNobody() async throws {
        let server = try echo()
        defer { server.stop() }
        let client = try client(server)
        for _ in 0..<100 {
            let error = await withTaskGroup(of: SwitchoverError?.self) { group in
                group.cancelAll()
                group.addTask { await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) } }
                return await group.next() ?? nil
            }
            #expect(error?.code == .cancelled)
        }
        #expect(server.seen.calls.isEmpty)
    }

    @Test func cancelAndReplyMayMeet() async throws {
        let server = try echo()
        defer { server.stop() }
        let client = try client(server)
        for round in 0..<500 {
            let task = Task { try? await client.call("/s.S/M", [1]) }
            if round % 2 == 0 { await Task.yield() }
            task.cancel()
            if let reply = await task.value { #expect(reply == [1]) }
        }
        #expect(try await client.call("/s.S/M", [2]) == [2])
    }

    // MARK: - Again

    @Test func whatWasNotDoneIsDoneAgainUnderTheSameKey() async throws {
        let server = try GRPCServer {
            $0.index < 2 ? .failure(14, ["switchover-error": "key-moving"]) : .message([7])
        }
        defer { server.stop() }
        let client = try client(server) { $0.retry.firstPause = .milliseconds(1) }
        let options = CallOptions(idempotencyKey: "k")
        #expect(try await client.call("/s.S/M", [5], options: options) == [7])
        #expect(server.seen.calls.map { $0.fields["idempotency-key"] } == ["k", "k", "k"])
        #expect(server.seen.calls.map(\.message) == [[5], [5], [5]])
    }

    @Test func triesEndWithTheAttemptsOrTheDeadline() async throws {
        let server = try GRPCServer { _ in .failure(14, ["switchover-error": "key-moving"]) }
        defer { server.stop() }
        let few = try client(server) { $0.retry = RetryPolicy(attempts: 3, firstPause: .milliseconds(1)) }
        let error = await failure { () throws(SwitchoverError) in try await few.call("/s.S/M", []) }
        #expect(error?.reason == "key-moving")
        #expect(server.seen.calls.count == 3)
        let never = try client(server) { $0.retry = .never }
        _ = await failure { () throws(SwitchoverError) in try await never.call("/s.S/M", []) }
        #expect(server.seen.calls.count == 4)
        let patient = try client(server) {
            $0.retry = RetryPolicy(firstPause: .seconds(60), longestPause: .seconds(60))
        }
        let kept = await failure { () throws(SwitchoverError) in
            try await patient.call("/s.S/M", [], options: CallOptions(timeout: .seconds(10)))
        }
        #expect(kept?.reason == "key-moving")
        #expect(server.seen.calls.count == 5, "a pause beyond the deadline is not begun")
    }

    @Test(arguments: [(false, 1), (true, 2)])
    func aLostConnectionIsForIdempotentCallsOnly(isIdempotent: Bool, calls: Int) async throws {
        let server = try GRPCServer { $0.index == 0 ? .hangUp : .message([1]) }
        defer { server.stop() }
        let client = try client(server) { $0.retry.firstPause = .milliseconds(1) }
        let error = await failure { () throws(SwitchoverError) in
            try await client.call("/s.S/M", [], options: CallOptions(isIdempotent: isIdempotent))
        }
        #expect(error?.code == (isIdempotent ? nil : .unavailable))
        #expect(error?.mayRetry == (isIdempotent ? nil : .ifIdempotent))
        #expect(server.seen.calls.count == calls)
        #expect(try await client.call("/s.S/M", []) == [1], "there is another connection")
    }

    @Test(arguments: [true, false]) func aRefusedStreamIsTriedAgain(isRefused: Bool) async throws {
        let server = try GRPCServer {
            $0.index == 0 ? .reset(isRefused ? HTTP2Code.refusedStream : 2) : .message([1])
        }
        defer { server.stop() }
        let client = try client(server)
        let error = await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) }
        #expect((error == nil) == isRefused)
        #expect(server.seen.calls.count == (isRefused ? 2 : 1))
    }

    // MARK: - Connections that come and go

    @Test func callsAboveGOAWAYsLastStreamGoElsewhere() async throws {
        let server = try echo()
        defer { server.stop() }
        let client = try client(server)
        #expect(try await client.call("/s.S/M", [1]) == [1])
        await server.refuseWhatComesNext()
        #expect(try await client.call("/s.S/M", [2]) == [2])
        #expect(server.seen.calls.map(\.connection) == [0, 1])
    }

    @Test func callsBelowItEndWhereTheyAre() async throws {
        let server = try GRPCServer { $0.index == 0 ? .goAway([1]) : .message([2]) }
        defer { server.stop() }
        let client = try client(server)
        async let first = client.call("/s.S/M", [])
        await server.sees { $0.calls.count == 1 }
        // The first is answered when the second has made a connection of its own.
        #expect(try await client.call("/s.S/M", []) == [2])
        #expect(try await first == [1])
        #expect(server.seen.calls.map(\.connection) == [0, 1])
    }

    @Test(arguments: ["tcp", "unix"]) func aServerMayComeLateAndComeBack(kind: String) async throws {
        let first = try GRPCServer(at: kind == "unix" ? "unix:\(Self.folder())/s.sock" : nil) { .message($0.message) }
        defer { first.stop() }
        let address = first.address
        first.stop()
        let client = try SwitchoverClient(address)
        async let early = client.call("/s.S/M", [1])
        let second = try GRPCServer(at: address) { .message($0.message) }
        defer { second.stop() }
        #expect(try await early == [1])
        #expect(try await client.call("/s.S/M", [2]) == [2])
        second.stop()
        let third = try GRPCServer(at: address) { .message($0.message) }
        defer { third.stop() }
        let again = CallOptions(isIdempotent: true)
        #expect(try await client.call("/s.S/M", [3], options: again) == [3])
        #expect(third.seen.calls.map(\.message) == [[3]])
    }

    @Test func nobodyThereIsSaidAtOnceIfAsked() async throws {
        let server = try echo()
        defer { server.stop() }
        server.stop()
        let client = try client(server) { $0.connectTimeout = .zero }
        let error = await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) }
        #expect(error?.code == .unavailable)
        #expect(error?.mayRetry == .yes)
        #expect(error?.message.contains(server.address) == true)
    }

    @Test func everyAddressOfANameIsTried() async throws {
        let server = try echo()
        defer { server.stop() }
        let nobody = try echo()
        nobody.stop()
        var options = ClientOptions()
        options.connectTimeout = .zero
        let addresses = try [nobody, nobody, server].map { try Address($0.address) }
        let client = try SwitchoverClient("sidecar.test:7400", options: options) { _ throws(ResolutionError) in
            var found: [SocketAddress] = []
            for address in addresses { found += try address.resolve() }
            return found
        }
        #expect(try await client.call("/s.S/M", [1]) == [1])
    }

    @Test func aNameThatIsLookedUpForLongHoldsNothingUp() async throws {
        let end = DispatchSemaphore(value: 0)
        let client = try SwitchoverClient("sidecar.test:7400", options: ClientOptions()) {
            _ throws(ResolutionError) in
            end.wait()
            throw ResolutionError(host: "sidecar.test", reason: "no such name")
        }
        let error = await failure { () throws(SwitchoverError) in
            try await client.call("/s.S/M", [], options: CallOptions(timeout: .milliseconds(20)))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.mayRetry == .yes)
        client.close()
        end.signal()
    }

    @Test(arguments: ["nowhere", "a:b", "unix:", "[::1]", ":7400"]) func whatIsNoAddressIsRefused(text: String) {
        let error = #expect(throws: SwitchoverError.self) { try SwitchoverClient(text) }
        #expect(error?.code == .invalidArgument)
    }

    // MARK: - The end

    @Test func closingEndsWhatIsUnderWay() async throws {
        let server = try GRPCServer { _ in .silence }
        defer { server.stop() }
        let client = try client(server)
        let task = Task { await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) } }
        await server.sees { $0.calls.count == 1 }
        client.close()
        client.close()
        #expect(await task.value?.code == .unavailable)
        let late = await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) }
        #expect(late?.message == "the client is closed")
    }

    @Test func closingEndsWhatWaitsForAConnection() async throws {
        let server = try echo()
        defer { server.stop() }
        server.stop()
        let client = try client(server)
        let task = Task { await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) } }
        await Task.yield()
        client.close()
        #expect(await task.value?.code == .unavailable)
    }

    /// A peer that takes the connection and never says a word.
    @Test func closingEndsAConnectionThatIsBeingMade() async throws {
        let silent = try Sockets.listen(on: try SocketAddress.resolve(host: "127.0.0.1", port: 0)[0])
        defer { Glibc.close(silent) }
        let client = try SwitchoverClient("127.0.0.1:\(Sockets.localPort(of: silent))")
        let late = await failure { () throws(SwitchoverError) in
            try await client.call("/s.S/M", [], options: CallOptions(timeout: .milliseconds(20)))
        }
        #expect(late?.code == .deadlineExceeded)
        #expect(late?.mayRetry == .yes)
        let task = Task { await failure { () throws(SwitchoverError) in try await client.call("/s.S/M", []) } }
        await Task.yield()
        client.close()
        #expect(await task.value?.code == .unavailable)
    }

    @Test func nothingIsLeftOfAClientThatWasDropped() async throws {
        let server = try echo()
        defer { server.stop() }
        weak var connector: Connector?
        do {
            let client = try client(server)
            connector = client.connector
            #expect(try await client.call("/s.S/M", [1]) == [1])
        }
        #expect(connector == nil)
    }

    /// Runs its tasks where they are resumed: here, on the client's own loop.
    private final class InPlace: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    @Test func aClientMayBeDroppedOnItsOwnThread() async throws {
        let server = try echo()
        defer { server.stop() }
        let task = Task(executorPreference: InPlace()) { [address = server.address] in
            let client = try SwitchoverClient(address)
            return try await client.call("/s.S/M", [1])
        }
        #expect(try await task.value == [1])
    }
}
