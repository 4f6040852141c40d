import TestSupport
import Testing

@testable import HTTP2

/// What becomes of single fields between the peer that sent them and the one they are sent on to.
@Suite struct FieldTests {
    private func received(_ fields: [(String, String)]) throws -> StreamPointer {
        try #require(stream(fields).streams.first)
    }

    private func stream(_ fields: [(String, String)]) -> ServerPeer {
        let server = ServerPeer()
        server.receive(Frames.preface + Frames.settings() + Frames.headers(stream: 1, Frames.requestHead + fields))
        return server
    }

    /// The request as a server hears it that it is sent on to.
    private func forwarded(_ fields: [(String, String)]) throws -> [String] {
        let server = stream(fields)
        let client = ClientPeer()
        client.pool.pointee.writer.removeAll()
        client.pool.pointee.writer.appendRequest(
            try #require(server.streams.first).pointee.fields, except: FieldTokens())
        _ = try #require(client.client.request(bodyOf: client.body()))
        let upstream = ServerPeer()
        upstream.receive(client.send())
        return Array(try #require(upstream.streams.first).head.dropFirst(Frames.requestHead.count))
    }

    /// RFC 9110, 5.5: blanks at the ends are no part of a value.
    @Test(arguments: [
        ("v", "v"), (" v", "v"), ("v ", "v"), ("\t v \t", "v"), ("", ""), (" ", ""), ("\t\t", ""), ("a  b ", "a  b"),
    ])
    func blanksAtTheEndsAreTakenOff(_ value: String, _ expected: String) throws {
        #expect(try forwarded([("x-a", value)]) == ["x-a: \(expected)"])
        #expect(
            try forwarded([("x-a", value), ("y-bin", " AA==,AQ== ")]) == [
                "x-a: \(expected)", "y-bin: AA==", "y-bin: AQ==",
            ])
    }

    /// In a status message they mean something, and its percent encoding can say so.
    @Test(arguments: [
        ("none", "none"), ("none ", "none%20"), (" a b\t", "%20a b%09"), ("  ", "%20%20"), ("%20", "%20"),
        (String(repeating: "x", count: 300) + " ", String(repeating: "x", count: 300) + "%20"),
    ])
    func blanksOfAStatusMessageAreEncoded(_ value: String, _ expected: String) throws {
        let upstream = ClientPeer()
        let leg = try #require(upstream.request(upstream.body()))
        _ = upstream.send()
        upstream.receive(
            Frames.settings() + Frames.headers(stream: 1, [(":status", "200")], endsStream: false)
                + Frames.headers(stream: 1, [("grpc-status", "5"), ("grpc-message", value), ("x-b", " 1 ")]))
        let server = ServerPeer()
        server.receive(Frames.preface + Frames.settings() + Frames.headers(stream: 1, Frames.requestHead))
        server.server.respond(try #require(server.streams.first), with: leg)
        let client = ClientPeer()
        let heard = try #require(client.request(client.body()))
        _ = client.send()
        client.receive(server.send())
        #expect(heard.trailers == ["grpc-status: 5", "grpc-message: \(expected)", "x-b: 1"])
        #expect(
            try forwarded([("grpc-message", value), ("grpc-message", " ")]) == [
                "grpc-message: \(expected)", "grpc-message: %20",
            ])
    }

    /// A value that gRPC core cannot parse must leave no trace in the table of a connection that others share.
    @Test(arguments: [
        ("grpc-encoding", "zstd", true), ("grpc-encoding", "Gzip", true), ("grpc-encoding", "gzip", false),
        ("grpc-encoding", "identity", false), ("grpc-previous-rpc-attempts", "1", true),
        ("grpc-previous-rpc-attempts", "abc", true), ("grpc-retry-pushback-ms", "x", true),
        ("grpc-internal-encoding-request", "x", true), ("lb-cost-bin", "AA==", true), ("other-bin", "AA==", false),
        ("grpc-status", "0", false), ("grpc-status", "16", false), ("grpc-status", "abc", true),
        ("grpc-status", "1x", true), ("grpc-status", "x", true), ("grpc-status", "", true), ("te", "Trailers", true),
        ("te", "trailers", false), ("x-a", "zstd", false),
    ])
    func whatMayNotBeParsedIsNeverIndexed(_ name: String, _ value: String, _ isNever: Bool) throws {
        let server = stream([(name, value)])
        let fields = try #require(server.streams.first).pointee.fields
        #expect(fields[fields.count - 1].neverIndex == isNever)
    }
}
