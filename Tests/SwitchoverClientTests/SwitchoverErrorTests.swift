import HTTP2
import Testing

@testable import SwitchoverClient

@Suite struct SwitchoverErrorTests {
    @Test(arguments: [
        ("side-unreachable", SwitchoverError.Code.unavailable, SwitchoverError.Retry.yes),
        ("no-switches", .unavailable, .yes), ("key-moving", .unavailable, .yes),
        ("lane-full", .resourceExhausted, .yes), ("too-many-records", .resourceExhausted, .yes),
        ("too-many-records", .invalidArgument, .no),
        ("queue-full", .resourceExhausted, .yes), ("buffers-full", .resourceExhausted, .yes),
        ("outcome-unknown", .unavailable, .yes), ("outcome-unknown", .unknown, .ifIdempotent),
        ("outcome-unknown", .deadlineExceeded, .ifIdempotent), ("deadline", .deadlineExceeded, .yes),
        ("partial-write", .aborted, .no), ("missing-key", .invalidArgument, .no), ("walk-interrupted", .aborted, .no),
        ("store", .unavailable, .yes), ("store", .resourceExhausted, .yes), ("store", .unknown, .ifIdempotent),
        ("store", .deadlineExceeded, .yes), ("store", .aborted, .no), ("store", .failedPrecondition, .no),
        ("store", .alreadyExists, .no),
    ])
    func theSidecarsWordDecides(reason: String, code: SwitchoverError.Code, retry: SwitchoverError.Retry) {
        #expect(SwitchoverError(code, "", reason: reason, side: nil).mayRetry == retry)
    }

    @Test(arguments: SwitchoverError.Code.allCases) func withoutItTheCodeDecides(code: SwitchoverError.Code) {
        let mayHaveHappened: Set<SwitchoverError.Code> = [
            .unavailable, .deadlineExceeded, .cancelled, .unknown, .aborted, .resourceExhausted,
        ]
        let retry = SwitchoverError(code, "", reason: nil, side: nil).mayRetry
        #expect(retry == (mayHaveHappened.contains(code) ? .ifIdempotent : .no))
    }

    /// Only a status that the sidecar has sent is its answer: a stream that was reset, a reply that is too long and a
    /// deadline say nothing of what was done.
    @Test func onlyAStatusIsAnAnswer() {
        #expect(SwitchoverError(.resourceExhausted, "", reason: nil, side: nil).isAnswer)
        #expect(!ReplyReading.tooLong(limit: 1).isAnswer)
        for hasBegun in [false, true] {
            for code in [HTTP2Code.refusedStream, HTTP2Code.cancel] {
                #expect(!ReplyReading.reset(code, hasBegun: hasBegun).isAnswer)
            }
        }
        #expect(!SwitchoverError(.deadlineExceeded, "", mayRetry: .ifIdempotent).isAnswer)
    }

    @Test func itSaysWhatItKnows() {
        let error = SwitchoverError(.aborted, "one side only", reason: "partial-write", side: .new)
        #expect(error.description == "aborted: one side only (partial-write, side new)")
        #expect(SwitchoverError(.notFound, "none", mayRetry: .no).description == "notFound: none")
    }
}
