import HTTP2

/// Which of the codings that the sidecar reads the client reads too, by its `grpc-accept-encoding`.
struct AcceptedCodings {
    private(set) var hasGzip = false
    private(set) var hasDeflate = false
    private var isSaid = false

    init(_ fields: FieldList) {
        guard fields.tokens.contains(.grpcAcceptEncoding) else { return }
        isSaid = true
        for index in 0..<fields.count where fields[index].token == .grpcAcceptEncoding {
            for item in fields[index].valueBytes.split(separator: UInt8(ascii: ",")) {
                let name = item.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: " ") }
                if name.elementsEqual("gzip".utf8) { hasGzip = true }
                if name.elementsEqual("deflate".utf8) { hasDeflate = true }
            }
        }
    }

    /// What a side is offered whose answer the sidecar reads; nil where the client offers nothing.
    var offer: StaticString? {
        guard isSaid else { return nil }
        if hasGzip { return hasDeflate ? "identity,deflate,gzip" : "identity,gzip" }
        return hasDeflate ? "identity,deflate" : "identity"
    }
}
