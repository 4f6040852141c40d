import Testing
import WireFormat

@testable import Migration

/// What each answer means for a write (contract, 4.5): decided by whether the request can have been carried out.
@Suite struct WriteOutcomeTests {
    private static let refusals: [GRPCStatus] = [
        .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .unauthenticated, .failedPrecondition,
        .outOfRange, .unimplemented, .aborted,
    ]
    /// The handler has ended, and may have done something before.
    private static let afterTheFact: [GRPCStatus] = [.unknown, .internal, .dataLoss, .resourceExhausted]
    /// Proxies say so of requests that they have sent on.
    private static let perhapsStillAtWork: [GRPCStatus] = [.unavailable, .deadlineExceeded, .cancelled]

    @Test func everyStatusOfAServiceIsDecided() {
        #expect(WriteOutcome(.ok, absent: .notFound) == .accepted)
        for status in Self.refusals where status != .notFound {
            #expect(WriteOutcome(status, absent: .notFound) == .rejected(status), "\(status.name)")
        }
        for status in Self.afterTheFact {
            #expect(WriteOutcome(status, absent: .notFound) == .ambiguous(status), "\(status.name)")
        }
        for status in Self.perhapsStillAtWork {
            #expect(WriteOutcome(status, absent: .notFound) == .unknown(status), "\(status.name)")
        }
        #expect(
            Self.refusals.count + Self.afterTheFact.count + Self.perhapsStillAtWork.count + 1
                == GRPCStatus.allCases.count)
    }

    @Test func absenceIsWhatThePlanSays() {
        #expect(WriteOutcome(.notFound, absent: .notFound) == .absent)
        #expect(WriteOutcome(.notFound, absent: .invalidArgument) == .rejected(.notFound))
        #expect(WriteOutcome(.invalidArgument, absent: .invalidArgument) == .absent)
        #expect(WriteOutcome(.unavailable, absent: .unavailable, isGRPC: false) == .unknown(.unavailable))
    }

    /// HTTP status 503 is a proxy's, whatever `grpc-status` stands beside it.
    @Test func aProxyNeitherAcceptsNorKnowsOfAbsence() {
        #expect(WriteOutcome(.ok, absent: .notFound, isGRPC: false) == .unknown(.unknown))
        #expect(WriteOutcome(.notFound, absent: .notFound, isGRPC: false) == .unknown(.notFound))
    }

    /// A page without `grpc-status`: only what a proxy says before it sends a request on is a refusal.
    @Test func aProxysPageIsUnknownUnlessItRefusedTheCaller() {
        for number in [400, 408, 429, 500, 502, 503, 504] {
            let status = GRPCStatus(httpStatus: number)
            #expect(WriteOutcome(status, absent: .notFound, isGRPC: false) == .unknown(status), "\(number)")
        }
        for number in [401, 403, 404] {
            let status = GRPCStatus(httpStatus: number)
            #expect(WriteOutcome(status, absent: .notFound, isGRPC: false) == .rejected(status), "\(number)")
        }
    }

    @Test(arguments: [
        (GRPCStatus.unavailable, "side-unreachable", WriteOutcome.unreachable),
        (.unavailable, "key-moving", .unreachable), (.unavailable, "no-switches", .unreachable),
        (.unavailable, "draining", .unreachable), (.resourceExhausted, "lane-full", .unreachable),
        (.resourceExhausted, "queue-full", .unreachable), (.resourceExhausted, "buffers-full", .unreachable),
        (.unknown, "outcome-unknown", .unknown(.unknown)),
        (.deadlineExceeded, "outcome-unknown", .unknown(.deadlineExceeded)),
        // Of an earlier write of the record: this one was not made.
        (.unavailable, "outcome-unknown", .unreachable), (.deadlineExceeded, "deadline", .unknown(.deadlineExceeded)),
        (.aborted, "partial-write", .ambiguous(.aborted)),
        (.resourceExhausted, "message-too-large", .ambiguous(.resourceExhausted)),
        (.resourceExhausted, "metadata-too-large", .rejected(.resourceExhausted)),
        (.invalidArgument, "missing-key", .rejected(.invalidArgument)), (.notFound, "store", .absent),
        (.failedPrecondition, "store", .rejected(.failedPrecondition)), (.unavailable, "store", .unreachable),
        (.internal, "store", .rejected(.internal)), (.unknown, "store", .ambiguous(.unknown)),
        (.internal, "a word of a later version", .ambiguous(.internal)),
    ])
    func aSidecarBehindThisOneIsTakenAtItsWord(status: GRPCStatus, word: String, outcome: WriteOutcome) {
        #expect(WriteOutcome(status, absent: .notFound, word: word) == outcome)
    }

    @Test func aStoreKnowsWhatBecameOfItsTransaction() {
        func outcome(_ status: GRPCStatus, isUnknown: Bool = false) -> WriteOutcome {
            WriteOutcome(store: status, absent: .notFound, isOutcomeUnknown: isUnknown)
        }
        #expect(outcome(.ok) == .accepted && outcome(.notFound) == .absent)
        for status in [GRPCStatus.unavailable, .resourceExhausted, .deadlineExceeded, .cancelled] {
            #expect(outcome(status) == .unreachable, "\(status.name): rolled back, neither unknown nor stuck")
        }
        for status in [GRPCStatus.failedPrecondition, .invalidArgument, .aborted, .internal, .dataLoss] {
            #expect(outcome(status) == .rejected(status), "\(status.name)")
        }
        #expect(
            outcome(.unknown, isUnknown: true) == .ambiguous(.unknown), "nothing comes late of a session that ended")
    }
}
