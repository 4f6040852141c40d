import Testing

@testable import HTTP2

@Suite struct FieldTokenTests {
    @Test(
        arguments: [
            (":method", .method), (":path", .path), (":status", .status), (":authority", .authority),
            (":scheme", .scheme), (":protocol", .otherPseudo), (":pathx", .otherPseudo), (":pat", .otherPseudo),
            (":", .other),
            ("content-type", .contentType), ("content-typ", .other), ("content-types", .other), ("te", .te),
            ("tea", .other),
            ("grpc-timeout", .grpcTimeout), ("grpc-timeouts", .other), ("grpc-timeou", .other),
            ("grpc-encoding", .grpcEncoding), ("grpc-accept-encoding", .grpcAcceptEncoding),
            ("grpc-status", .grpcStatus),
            ("grpc-status-details-bin", .binary), ("grpc-message", .grpcMessage), ("grpc-", .other),
            ("grpc-bin", .binary),
            ("x-bin", .binary), ("-bin", .other), ("bin", .other), ("x-binx", .other), ("x-Bin", .other),
            ("content-bin", .binary), ("te-bin", .binary), ("s-bin", .binary), (":path-bin", .otherPseudo),
            ("switchover-epoch", .switchover), ("switchover-", .switchover), ("switchover", .other),
            ("switchover-x-bin", .switchover), ("switchove-x", .other), ("x", .other), ("", .other),
            ("user-agent", .other), ("host", .host), ("hosts", .other), ("connection", .connectionSpecific),
            ("keep-alive", .connectionSpecific), ("proxy-connection", .connectionSpecific),
            ("transfer-encoding", .connectionSpecific), ("upgrade", .connectionSpecific),
            ("grpc-previous-rpc-attempts", .grpcNumber), ("grpc-retry-pushback-ms", .grpcNumber),
            ("grpc-internal-encoding-request", .grpcNumber), ("lb-cost-bin", .binary),
        ] as [(String, FieldToken)])
    func tellsNamesApart(name: String, token: FieldToken) {
        #expect(Array(name.utf8).withUnsafeBufferPointer { FieldToken.of($0) } == token)
    }

    @Test func setsHoldWhatWasPut() {
        let all: [FieldToken] = [
            .other, .method, .path, .status, .otherPseudo, .contentType, .te, .grpcTimeout, .grpcEncoding, .grpcStatus,
            .grpcMessage, .binary, .switchover,
        ]
        for token in all {
            let one = FieldTokens(token)
            #expect(all.filter { one.contains($0) } == [token])
            #expect(one.with(token) == one)
            #expect(all.filter { one.with(.te).contains($0) }.count == (token == .te ? 1 : 2))
            #expect(!FieldTokens().contains(token))
        }
    }
}
