import HTTP2
import Migration
import TestSupport
import Testing
import WireFormat

@testable import Sidecar

@Suite struct RefusalTests {
    /// Every cause with the status and code of the contract's table.
    private static let cases: [(refusal: Refusal, status: GRPCStatus, code: String)] = [
        (.unknownMethod, .unimplemented, "unknown-method"),
        (.malformedMetadata(field: "x-bin", "is not base64"), .invalidArgument, "malformed-metadata"),
        (.metadataTooLarge(limit: 16_384), .resourceExhausted, "metadata-too-large"),
        (.replyMetadataTooLarge(.old, limit: 16_384), .resourceExhausted, "metadata-too-large"),
        (.messageTooLarge(limit: 4096), .resourceExhausted, "message-too-large"),
        (.answerTooLarge(.new, limit: 4096), .resourceExhausted, "message-too-large"),
        (.malformedMessage("50 % wrong: \u{fc}\n"), .invalidArgument, "malformed-message"),
        (.missingKey("the gray key", path: "1.3"), .invalidArgument, "missing-key"),
        (.compressedMessage, .unimplemented, "compressed-message"),
        (.immutableKey(path: "2"), .invalidArgument, "immutable-key"),
        (.mixedStages(.old, .dualNew), .failedPrecondition, "mixed-stages"),
        (.severalRecords(.dualOld), .failedPrecondition, "several-records"),
        (Refusal(.ofRequest), .invalidArgument, "too-many-records"),
        (Refusal(.underWay), .resourceExhausted, "too-many-records"),
        (.unreadableField("1.2", .truncated, at: 3), .invalidArgument, "malformed-message"),
        (.alreadyExists(.old), .alreadyExists, "already-exists"),
        (.partialWrite(missing: .new, words: "UNIQUE constraint failed: a.b"), .aborted, "partial-write"),
        (.outcomeUnknown(.old, .unavailable, words: "the connection was lost"), .unknown, "outcome-unknown"),
        (.outcomeUnknown(.old, .deadlineExceeded, words: ""), .deadlineExceeded, "outcome-unknown"),
        (.laneFull(limit: 100), .resourceExhausted, "lane-full"), (.laneClosed, .unavailable, "outcome-unknown"),
        (.keyMoving, .unavailable, "key-moving"),
        (.rowsMissing(.new, SideWords(.internal, "no such column: x")), .unavailable, "side-unreachable"),
        (.badPageToken, .invalidArgument, "bad-page-token"), (.walkInterrupted, .aborted, "walk-interrupted"),
        (.unsortedSide(.old, row: 3), .internal, "unsorted-side"),
        (.malformedAnswer(.new, "x"), .internal, "malformed-answer"),
        (.storeRefused(.notFound, "none", by: nil), .notFound, "store"),
        (.unknownEntity(known: "orders"), .invalidArgument, "unknown-entity"),
        (.buffersFull, .resourceExhausted, "buffers-full"),
        (.queueFull(.new), .resourceExhausted, "queue-full"), (.noSwitches, .unavailable, "no-switches"),
        (.sideUnreachable(.old, "connection refused"), .unavailable, "side-unreachable"),
        (.sideFailed(.new, SideWords(.internal, "")), .unavailable, "side-unreachable"),
        (.deadlinePassed, .deadlineExceeded, "deadline"),
    ]

    /// What a real client gets when the answer is this block, or ends with it.
    private func answer(_ fields: LocalFields, asTrailers: Bool = false) throws -> [String] {
        let client = ClientPeer()
        let server = ServerPeer()
        let leg = try #require(client.request(client.body()))
        server.receive(client.send())
        let call = try #require(server.streams.first)
        if asTrailers {
            server.server.respond(call, head: okHead.fields, bodyOf: server.body(ended: false))
            client.receive(server.send())
            server.server.end(call, with: fields)
        } else {
            server.server.respond(call, with: fields)
        }
        client.receive(server.send())
        #expect(client.fault == nil && leg.pointee.isClosed && leg.pointee.hasEnded && leg.pointee.errorCode == 0)
        return asTrailers ? leg.trailers : leg.head
    }

    @Test(arguments: cases.indices) func isTrailersOnlyOfTheContract(index: Int) throws {
        let (refusal, status, code) = Self.cases[index]
        #expect(refusal.status == status && refusal.code.text == code)
        let head = try answer(refusal.response)
        #expect(head.prefix(2) == [":status: 200", "content-type: application/grpc"])
        #expect(head.contains("grpc-status: \(status.rawValue)") && head.contains("switchover-error: \(code)"))
        let message = try #require(head.first { $0.hasPrefix("grpc-message: ") }).dropFirst("grpc-message: ".count)
        #expect(message.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !message.isEmpty)
        let accepts = head.contains("grpc-accept-encoding: identity,deflate,gzip")
        #expect(accepts == (code == "compressed-message"))
        #expect(head.contains { $0.hasPrefix("switchover-side: ") } == (refusal.side != nil))
        #expect(head.count == 5 + (accepts ? 1 : 0) + (refusal.side == nil ? 0 : 1))
    }

    @Test(arguments: cases.indices) func endsAnAnswerThatHasBegun(index: Int) throws {
        let (refusal, status, code) = Self.cases[index]
        let trailers = try answer(refusal.trailers, asTrailers: true)
        let side = refusal.side == nil ? [] : ["switchover-side"]
        let names = ["grpc-status", "grpc-message", "switchover-error"] + side
        #expect(trailers.map { $0.prefix { $0 != ":" } } == names.map { $0[...] })
        #expect(trailers.first == "grpc-status: \(status.rawValue)" && trailers[2] == "switchover-error: \(code)")
    }

    @Test(arguments: [404, 405, 415]) func plainHTTPIsNoGRPCAnswer(status: Int) throws {
        let refusal = Refusal.plainHTTP(status: status, "no")
        let head = try answer(refusal.response)
        #expect(head.first == ":status: \(status)")
        #expect(head.contains("content-type: text/plain") && head.contains("switchover-error: not-grpc"))
        #expect(!head.contains { $0.hasPrefix("grpc-") })
        // RFC 9110, 15.5.6.
        #expect(head.contains("allow: POST") == (status == 405))
        #expect(refusal.status == .unknown)
    }

    /// After a side was sent a write no cause says that nothing was done; the deadline keeps its status.
    @Test func causesAfterAWriteSayThatItMayHaveBeenMade() {
        let causes: [Refusal] = [
            .deadlinePassed, .buffersFull, .replyMetadataTooLarge(.new, limit: 9),
        ]
        for cause in causes {
            let refusal = cause.afterWrite(to: .new)
            #expect(refusal.code == .outcomeUnknown && refusal.side == .new)
            #expect(refusal.message.contains("may have been made") && refusal.message.contains(cause.message))
            #expect(refusal.status == (cause.status == .deadlineExceeded ? .deadlineExceeded : .unknown))
        }
        #expect(Refusal.sideUnreachable(.new, "refused").afterWrite(to: .new).code == .sideUnreachable)
        // A request with broken trailers has no end, and was not carried out.
        let trailers = Refusal.malformedMetadata(field: "a", "is b")
        #expect(trailers.afterWrite(to: .new).code == .malformedMetadata)
        #expect(Refusal.partialWrite(missing: .old, words: "").afterWrite(to: .new).code == .partialWrite)
    }

    @Test func wordsOfASideFitIntoATrailer() {
        #expect(SideWords.shortened(" \n disk is full \n") == "disk is full")
        #expect(SideWords.shortened(String(repeating: "é", count: 2_000)).utf8.count <= 1_024)
        #expect(SideWords.shortened("x" + String(repeating: "é", count: 2_000)).allSatisfy { $0 == "x" || $0 == "é" })
        #expect(SideWords(.internal, "").description == "INTERNAL")
    }

    @Test func messagesNameTheCause() {
        #expect(Refusal.missingKey("the record key", path: "1.3").message.hasPrefix("the record key, field 1.3"))
        #expect(Refusal.sideUnreachable(.new, "timed out").message == "new cannot be reached: timed out")
        let failed = Refusal.sideFailed(.new, SideWords(.internal, "no such column: x"))
        #expect(failed.message.hasPrefix("new answered INTERNAL: no such column: x"))
        let partial = Refusal.partialWrite(missing: .new, words: "UNIQUE constraint failed: a.b")
        #expect(partial.message.contains("new does not (UNIQUE constraint failed: a.b)"))
        #expect(Refusal.malformedMetadata(field: "a", "is b").message == "a is b")
        #expect(Refusal.messageTooLarge(limit: 77).message.contains("77"))
        #expect(Refusal.queueFull(.old).message.contains("old"))
    }
}
