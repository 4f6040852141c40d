import TestSupport
import Testing
import WireFormat

@testable import HTTP2

@Suite struct ReplyTests {
    private func status(_ frames: [UInt8]) throws -> GRPCStatus {
        let client = ClientPeer()
        let leg = try #require(client.request(client.body()))
        _ = client.send()
        client.receive(Frames.settings() + frames)
        #expect(leg.pointee.hasEnded)
        return Reply.status(of: leg)
    }

    @Test(arguments: GRPCStatus.allCases) func ofTrailers(expected: GRPCStatus) throws {
        let head = Frames.headers(
            stream: 1, [(":status", "200"), ("content-type", "application/grpc")], endsStream: false)
        let end = Frames.headers(stream: 1, [("grpc-message", "m"), ("grpc-status", "\(expected.rawValue)")])
        #expect(try status(head + end) == expected)
        #expect(
            try status(Frames.headers(stream: 1, [(":status", "200"), ("grpc-status", "\(expected.rawValue)")]))
                == expected)
    }

    /// Trailers count; a status in the head of a reply that has trailers is no gRPC.
    @Test func trailersComeFirst() throws {
        let head = Frames.headers(stream: 1, [(":status", "200"), ("grpc-status", "3")], endsStream: false)
        #expect(try status(head + Frames.headers(stream: 1, [("grpc-status", "5")])) == .notFound)
        #expect(try status(head + Frames.headers(stream: 1, [("x", "y")])) == .invalidArgument)
    }

    @Test(
        arguments: [
            ("200", .unknown), ("400", .internal), ("401", .unauthenticated), ("403", .permissionDenied),
            ("404", .unimplemented), ("429", .unavailable), ("502", .unavailable), ("503", .unavailable),
            ("504", .unavailable), ("500", .unknown), ("302", .unknown), ("999", .unknown),
        ] as [(String, GRPCStatus)])
    func ofHTTPAlone(http: String, expected: GRPCStatus) throws {
        #expect(try status(Frames.headers(stream: 1, [(":status", http)])) == expected)
    }

    @Test(arguments: ["", "x", "-1", "17", "99999999999999999999"]) func ofOddNumbers(text: String) throws {
        let read = try status(Frames.headers(stream: 1, [(":status", "200"), ("grpc-status", text)]))
        #expect(read == .unknown || read.rawValue <= 16)
        #expect(read != .ok)
    }
}
