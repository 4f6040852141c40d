import WireFormat

/// One side alone is asked: request and answer are its own, metadata and trailers included, but for the page tokens of
/// services that have tokens of their own. Those are marked wherever stage `old` does not forbid it, so that a walk
/// that other sides began is noticed.
extension MultiQuery {
    /// What keeps a request from being handed to old as it is at stage `old`: its page token is of a walk that asked
    /// other sides. Nil for a request that cannot be read: old is to say so.
    package static func refusalAtOld(_ message: [UInt8], _ plan: MultiQueryPlan) -> Refusal? {
        guard plan.rows.paging.tokens == .opaque, let request = try? PagedRequest(message, paging: plan.rows.paging),
            !request.token.isEmpty
        else { return nil }
        switch WalkToken.parse(request.token, of: request.digest) {
        case .foreign: return nil
        case .altered: return .token
        case .token: return .walkInterrupted
        }
    }

    mutating func startRelaying(_ side: Side, _ request: PagedRequest) -> Action {
        do throws(Refusal) {
            let message = try relayed(request, to: side)
            state = .relaying(side)
            return .ask([Ask(side: side, method: nil, message: message)])
        } catch {
            return .refuse(error)
        }
    }

    private func relayed(_ request: PagedRequest, to side: Side) throws(Refusal) -> [UInt8] {
        let token = request.token
        guard plan.rows.paging.tokens == .opaque, !token.isEmpty else { return request.message }
        switch WalkToken.parse(token, of: request.digest) {
        case .altered: throw .token
        case .foreign:
            guard side == .old else { throw .walkInterrupted }
            return request.message
        case .token(let walk):
            guard case .page(let own) = side == .old ? walk.old : walk.new,
                (side == .old ? walk.new : walk.old) == .notAsked
            else { throw .walkInterrupted }
            return request.asking(token: own)
        }
    }

    mutating func relay(_ reply: Reply, from side: Side) -> Action {
        switch reply {
        case .failed: return .relay(from: side)
        case .unreachable: return .fail(side, .unreachable)
        case .message(let message):
            guard side == .new, plan.rows.paging.tokens == .opaque, let request else {
                return .relay(from: side)
            }
            do throws(RowFault) {
                return try markingToken(of: message, request).map { .pass($0, from: side) } ?? .relay(from: side)
            } catch {
                return .refuse(.fault(side, .unreadable(error)))
            }
        }
    }

    /// Nil where there is no token.
    private func markingToken(of message: [UInt8], _ request: PagedRequest) throws(RowFault) -> [UInt8]? {
        guard let field = plan.rows.paging.responseTokenField else { return nil }
        let parts = try message.span.bytes.withUnsafeBytes { memory throws(RowFault) in
            try MessageParts(of: memory, text: field)
        }
        guard let token = parts.text, !token.isEmpty else { return nil }
        let walk = WalkToken(old: .notAsked, new: .page(Array(message[token])), position: nil)
        var tail: [UInt8] = []
        FieldWriter.append(field, walk.encode(of: request.digest), to: &tail)
        var plan = MergePlan()
        for range in parts.rest { plan.append(range, of: 0) }
        return plan.message(of: [message], tail: tail)
    }
}
