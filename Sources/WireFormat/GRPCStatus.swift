/// The status codes of gRPC, by their numbers on the wire.
@usableFromInline package enum GRPCStatus: UInt8, Sendable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16

    /// Whether a side judges the request with it and not itself: asked again, it would say the same. What it has or
    /// has not (NOT_FOUND, ALREADY_EXISTS) is no judgement of the request.
    @inlinable package var judgesRequest: Bool {
        switch self {
        case .invalidArgument, .permissionDenied, .failedPrecondition, .outOfRange, .unimplemented, .unauthenticated:
            true
        case .ok, .cancelled, .unknown, .deadlineExceeded, .notFound, .alreadyExists, .resourceExhausted, .aborted,
            .internal, .unavailable, .dataLoss:
            false
        }
    }

    /// Finds the status by its name in gRPC's documents, such as `NOT_FOUND`.
    package init?(name: some StringProtocol) {
        guard let status = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = status
    }

    /// The status of a response that has an HTTP status but no `grpc-status` (gRPC, "HTTP to gRPC Status Code
    /// Mapping").
    package init(httpStatus: Int) {
        self =
            switch httpStatus {
            case 400: .internal
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            default: .unknown
            }
    }

    /// The status of a call whose stream was reset (gRPC over HTTP/2, "HTTP2 Transport Mapping, Errors").
    ///
    /// That document names no status for STREAM_CLOSED and HTTP_1_1_REQUIRED; they and unknown codes are INTERNAL, as
    /// an unknown code may be treated as INTERNAL_ERROR (RFC 9113, section 7).
    package init(http2ErrorCode: UInt32) {
        self =
            switch http2ErrorCode {
            case 0x7: .unavailable  // REFUSED_STREAM
            case 0x8: .cancelled  // CANCEL
            case 0xb: .resourceExhausted  // ENHANCE_YOUR_CALM
            case 0xc: .permissionDenied  // INADEQUATE_SECURITY
            default: .internal
            }
    }

    /// Reads the value of `grpc-status`: decimal digits; a number that is no known status is UNKNOWN.
    ///
    /// - Returns: nil if it is no number at all.
    package init?(grpcStatus bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = min(value * 10 + Int(digit), 1_000)
        }
        self = UInt8(exactly: value).flatMap(Self.init(rawValue:)) ?? .unknown
    }

    package var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}
