import WireFormat

/// Page tokens: where a walk goes on, and whether it may.
extension MultiQuery {
    /// Reads limit and page token, and opens both windows.
    mutating func begin(_ request: PagedRequest) throws(Refusal) {
        let paging = plan.rows.paging
        limit = paging.defaultLimit
        if let given = request.limit {
            limit = Int(min(given, UInt64(paging.tokens == .none ? Int(Int32.max) : paging.maximumLimit)))
            // As a varint a negative number is larger than any other. What it means is for the sides to say.
            if given > UInt64(Int64.max) { negativeLimit = given }
        }
        let continuations = try readToken(request)
        old = MergeWindow(side: .old, continuation: continuations.old)
        new = MergeWindow(side: .new, continuation: continuations.new)
    }

    private mutating func readToken(
        _ request: PagedRequest
    ) throws(Refusal) -> (old: MergeWindow.Continuation, new: MergeWindow.Continuation) {
        let token = request.token
        guard !token.isEmpty else { return (.page(token: []), .page(token: [])) }
        switch plan.rows.paging.tokens {
        case .none: return (.page(token: []), .page(token: []))
        case .keyset:
            guard let position = PageToken.position(in: token, of: request.digest) else { throw .token }
            cursor = position
            return (.page(token: token), .page(token: token))
        case .opaque:
            switch WalkToken.parse(token, of: request.digest) {
            case .altered: throw .token
            case .foreign: throw .walkInterrupted
            case .token(let walk):
                guard let old = Self.continuation(walk.old), let new = Self.continuation(walk.new) else {
                    throw .walkInterrupted
                }
                cursor = walk.position
                return (old, new)
            }
        }
    }

    private static func continuation(_ standing: WalkToken.Standing) -> MergeWindow.Continuation? {
        switch standing {
        case .notAsked: nil
        case .page(let token): .page(token: token)
        case .end: .end
        }
    }

    /// The token for what comes after this page; empty when nothing does.
    func nextToken() throws(Refusal) -> [UInt8] {
        guard let request, merge.isCut || old.hasMore || new.hasMore else { return [] }
        let position =
            switch merge.last {
            case nil: cursor
            case (.old, let row)?: old.table.position(of: row)
            case (.new, let row)?: new.table.position(of: row)
            }
        switch plan.rows.paging.tokens {
        case .none: return []
        case .keyset:
            guard let position else { throw .noProgress }
            return PageToken.encode(position, of: request.digest)
        case .opaque:
            let (old, new) = (old.standing(after: position), new.standing(after: position))
            return WalkToken(old: old, new: new, position: position).encode(of: request.digest)
        }
    }
}
