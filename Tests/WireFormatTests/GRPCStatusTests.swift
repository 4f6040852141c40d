import Testing
import WireFormat

@Suite struct GRPCStatusTests {
    static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]

    @Test func numbersAndNames() {
        #expect(GRPCStatus.allCases.map(\.name) == Self.names)
        for (number, name) in Self.names.enumerated() {
            #expect(GRPCStatus(name: name)?.rawValue == UInt8(number))
            #expect(withExactMemory("\(number)".utf8, GRPCStatus.init(grpcStatus:))?.rawValue == UInt8(number))
        }
        #expect(GRPCStatus(name: "not_found") == nil)
        #expect(GRPCStatus(name: "") == nil)
    }

    /// Those of which gRPC's "status codes" say that the request has to change, or the system's state by another
    /// request, before it is worth a second try.
    @Test func whatJudgesTheRequest() {
        let judging: Set<GRPCStatus> = [
            .invalidArgument, .failedPrecondition, .outOfRange, .permissionDenied, .unauthenticated, .unimplemented,
        ]
        for status in GRPCStatus.allCases { #expect(status.judgesRequest == judging.contains(status), "\(status)") }
    }

    @Test(arguments: [
        ("17", GRPCStatus.unknown), ("255", .unknown), ("256", .unknown), ("99999999999999999999999", .unknown),
        ("05", .notFound), ("000000000000000000000", .ok), ("", nil), ("-1", nil), ("+5", nil), (" 5", nil),
        ("5 ", nil),
        ("OK", nil), ("\u{0665}", nil), ("5.0", nil),
    ])
    func valuesOfGRPCStatus(text: String, expected: GRPCStatus?) {
        #expect(withExactMemory(text.utf8, GRPCStatus.init(grpcStatus:)) == expected)
    }

    /// The table of gRPC's "HTTP to gRPC Status Code Mapping".
    @Test func httpStatuses() {
        let table: [Int: GRPCStatus] = [
            400: .internal, 401: .unauthenticated, 403: .permissionDenied, 404: .unimplemented, 429: .unavailable,
            502: .unavailable, 503: .unavailable, 504: .unavailable,
        ]
        for status in -1...1_000 {
            #expect(GRPCStatus(httpStatus: status) == table[status] ?? .unknown, "\(status)")
        }
    }

    /// The table of gRPC over HTTP/2, "Errors"; codes that it gives no status are INTERNAL.
    @Test func http2ErrorCodes() {
        let table: [UInt32: GRPCStatus] = [
            0x7: .unavailable, 0x8: .cancelled, 0xb: .resourceExhausted, 0xc: .permissionDenied,
        ]
        for code in (0...0x20).map(UInt32.init) + [.max] {
            #expect(GRPCStatus(http2ErrorCode: code) == table[code] ?? .internal, "\(code)")
        }
    }
}
