import WireFormat

/// A request for many records, read once: its limit, its page token, and the rest that every ask repeats.
struct PagedRequest {
    let message: [UInt8]
    let digest: RequestDigest
    private let parts: MessageParts
    private let paging: PagePlan

    init(_ message: [UInt8], paging: PagePlan) throws(RowFault) {
        self.message = message
        self.paging = paging
        let bytes = message.span.bytes
        parts = try bytes.withUnsafeBytes { memory throws(RowFault) in
            try MessageParts(of: memory, number: paging.limitField, text: paging.requestTokenField)
        }
        digest = bytes.withUnsafeBytes { [parts] in parts.digest(of: $0) }
    }

    /// The limit that the client gave; nil when there is none or it is 0.
    var limit: UInt64? { parts.number == 0 ? nil : parts.number }

    /// The client's page token; empty for the first page.
    var token: [UInt8] { parts.text.map { Array(message[$0]) } ?? [] }

    /// The request with another limit and page token: each left out where it is nil or empty.
    func asking(limit: UInt64?, token: [UInt8]) -> [UInt8] {
        var plan = MergePlan()
        for range in parts.rest { plan.append(range, of: 0) }
        var tail: [UInt8] = []
        if let field = paging.limitField, let limit {
            FieldWriter.append(field, varint: limit, to: &tail)
        }
        if let field = paging.requestTokenField, !token.isEmpty { FieldWriter.append(field, token, to: &tail) }
        return plan.message(of: [message], tail: tail)
    }

    /// The request as the client sent it, but for its page token.
    func asking(token: [UInt8]) -> [UInt8] { asking(limit: parts.number, token: token) }
}
