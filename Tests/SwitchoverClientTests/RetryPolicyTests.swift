import Testing

@testable import SwitchoverClient

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(attempts: 4, firstPause: .milliseconds(20), longestPause: .milliseconds(50))

    private func error(_ retry: SwitchoverError.Retry, _ origin: SwitchoverError.Origin) -> SwitchoverError {
        SwitchoverError(.unavailable, "", mayRetry: retry, origin: origin)
    }

    @Test func pausesDoubleAndEnd() {
        let pauses = (1...5).map { policy.pause(after: error(.yes, .reply), attempt: $0, isIdempotent: false) }
        #expect(pauses == [.milliseconds(20), .milliseconds(40), .milliseconds(50), nil, nil])
    }

    @Test func aRefusedStreamIsTriedAgainAtOnce() {
        let pauses = (1...2).map { policy.pause(after: error(.yes, .refusedStream), attempt: $0, isIdempotent: false) }
        #expect(pauses == [.zero, .milliseconds(40)])
    }

    @Test(arguments: [
        (SwitchoverError.Origin.reply, SwitchoverError.Retry.yes, true, true), (.reply, .ifIdempotent, false, false),
        (.reply, .no, false, false), (.lostConnection, .ifIdempotent, false, true), (.client, .yes, false, false),
        (.client, .ifIdempotent, false, false), (.refusedStream, .yes, true, true),
        (.reset, .ifIdempotent, false, false),
    ])
    func onlyWhatIsSafe(
        origin: SwitchoverError.Origin, retry: SwitchoverError.Retry, anyCall: Bool, idempotentCall: Bool
    ) {
        let failure = error(retry, origin)
        #expect((policy.pause(after: failure, attempt: 1, isIdempotent: false) != nil) == anyCall)
        #expect((policy.pause(after: failure, attempt: 1, isIdempotent: true) != nil) == idempotentCall)
    }

    /// A stream whose reply had begun was processed, whatever its end is called.
    @Test func aRefusalAfterTheReplyBeganIsNone() {
        for (hasBegun, isRepeated) in [(false, true), (true, false)] {
            let failure = ReplyReading.reset(HTTP2Code.refusedStream, hasBegun: hasBegun)
            #expect((policy.pause(after: failure, attempt: 1, isIdempotent: false) != nil) == isRepeated)
        }
    }

    @Test func neverIsNever() {
        #expect(RetryPolicy.never.pause(after: error(.yes, .refusedStream), attempt: 1, isIdempotent: true) == nil)
    }

    @Test func manyAttemptsDoNotOverflow() {
        let endless = RetryPolicy(attempts: .max)
        #expect(endless.pause(after: error(.yes, .reply), attempt: 1_000, isIdempotent: false) == .seconds(1))
    }
}
