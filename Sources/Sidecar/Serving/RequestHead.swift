import HTTP2
import WireFormat

/// What the sidecar reads of a request's header block: one pass over the fields, nothing copied.
///
/// Whatever breaks the wire rules of gRPC (PROTOCOL-HTTP2) is found here and answered by the sidecar: forwarded, it
/// would make common servers close the upstream connection that other clients' calls share.
struct RequestHead {
    /// `/package.Service/Method`; lives as long as the stream's fields.
    private(set) var path = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// Nanoseconds of `grpc-timeout`; nil where the client set none.
    private(set) var timeout: UInt64?
    /// The message may be compressed in a way that the sidecar cannot read: `grpc-encoding` names another coding than
    /// those of `MessageCoder`.
    private(set) var hasForeignEncoding = false
    private(set) var refusal: Refusal?

    init(_ fields: FieldList) {
        let (isPost, isGRPC) = read(fields)
        checkHTTP(isPost: isPost, isGRPC: isGRPC)
    }

    /// What is wrong with the trailers of a request. A gRPC request has none; they are passed on where they can do no
    /// harm.
    static func refusal(ofTrailers fields: FieldList) -> Refusal? {
        var head = RequestHead()
        _ = head.read(fields)
        return head.refusal
    }

    private init() {}

    private mutating func read(_ fields: FieldList) -> (isPost: Bool, isGRPC: Bool) {
        var isPost = false
        var isGRPC = false
        for index in 0..<fields.count {
            let field = fields[index]
            let value = field.valueBytes
            switch field.token {
            case .method: isPost = Self.equals(value, "POST")
            case .path:
                path = value
                checkASCII(field)
            case .contentType:
                isGRPC = Self.isGRPC(value)
                checkASCII(field)
            case .grpcTimeout: readTimeout(field)
            case .grpcEncoding: readEncoding(field)
            case .binary:
                if !MetadataCheck.isBinaryValue(UnsafeRawBufferPointer(value)) {
                    refuse(field, "is not base64, as a name that ends in -bin promises")
                }
            default: checkASCII(field)
            }
        }
        return (isPost, isGRPC)
    }

    private mutating func checkASCII(_ field: Field) {
        if !MetadataCheck.isASCIIValue(UnsafeRawBufferPointer(field.valueBytes)) {
            refuse(field, "has bytes other than printable ASCII")
        }
    }

    private mutating func refuse(_ field: Field, _ text: StaticString) {
        guard refusal == nil else { return }
        refusal = .malformedMetadata(field: String(decoding: field.nameBytes, as: UTF8.self), text)
    }

    private mutating func readTimeout(_ field: Field) {
        guard timeout == nil else { return refuse(field, "is there twice") }
        switch GRPCTimeout.parse(UnsafeRawBufferPointer(field.valueBytes)) {
        case .nanoseconds(let nanoseconds): timeout = nanoseconds
        case .malformed: refuse(field, "must be 1 to 8 digits and one of H M S m u n")
        }
    }

    private mutating func readEncoding(_ field: Field) {
        guard MetadataCheck.isContentCoding(UnsafeRawBufferPointer(field.valueBytes)) else {
            return refuse(field, "is not the name of a coding")
        }
        hasForeignEncoding =
            !Self.equals(field.valueBytes, "identity") && !Self.equals(field.valueBytes, "gzip")
            && !Self.equals(field.valueBytes, "deflate")
    }

    /// What is not gRPC gets an answer that any HTTP client understands; it comes before complaints about metadata.
    private mutating func checkHTTP(isPost: Bool, isGRPC: Bool) {
        if !isPost {
            refusal = .plainHTTP(status: 405, "gRPC requests are POST")
        } else if !isGRPC {
            refusal = .plainHTTP(status: 415, "gRPC requests have the content-type application/grpc")
        } else if !Self.isMethodPath(path) {
            refusal = .plainHTTP(status: 404, "gRPC paths are /Service/Method")
        }
    }

    /// `application/grpc`, or that with `+proto`, `+json`, ... or `;` and parameters.
    private static func isGRPC(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        let name: StaticString = "application/grpc"
        let count = name.utf8CodeUnitCount
        guard value.count >= count else { return false }
        for index in 0..<count where value[index] != name.utf8Start[index] { return false }
        return value.count == count || value[count] == UInt8(ascii: "+") || value[count] == UInt8(ascii: ";")
    }

    /// A slash, a service, a slash, a method without one.
    private static func isMethodPath(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard path.count >= 4, path[0] == UInt8(ascii: "/"), let last = path.lastIndex(of: UInt8(ascii: "/")) else {
            return false
        }
        return last > 1 && last < path.count - 1
    }

    /// Whether the path is `/Service/Method` in the letters of protobuf names, `-` allowed: nothing that a server could
    /// read as another path (`?`, `%`, `//`).
    var namesMethod: Bool {
        var slashes = 0
        for byte in path {
            switch byte {
            case UInt8(ascii: "/"): slashes += 1
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                break
            default: return false
            }
        }
        return slashes == 2
    }

    private static func equals(_ value: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard value.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<value.count where value[index] != text.utf8Start[index] { return false }
        return true
    }
}
