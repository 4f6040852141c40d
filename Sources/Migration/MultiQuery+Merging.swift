import WireFormat

/// From the sides' pages to the answer.
extension MultiQuery {
    /// All pages are in: chooses rows, and looks up what only a follower returned.
    mutating func mergePages() -> Action {
        merge.run(old: &old, new: &new, limit: limit ?? .max)
        guard merge.certain < merge.picks.count else { return settle() }
        do throws(Refusal) {
            let ofOld = try Suspects(of: .old, picks: merge.picks, authority: old, follower: new, key: plan.rows.key)
            let ofNew = try Suspects(of: .new, picks: merge.picks, authority: new, follower: old, key: plan.rows.key)
            let asks = [try lookUp(ofOld), try lookUp(ofNew)].compactMap { $0 }
            for ask in asks { tally.suspectsLookedUp += ask.side == .old ? ofOld.openCount : ofNew.openCount }
            suspectsOfOld = ofOld
            suspectsOfNew = ofNew
            return asks.isEmpty ? settle() : ask(asks)
        } catch {
            return end(.refuse(error))
        }
    }

    private mutating func ask(_ lookUps: [Ask]) -> Action {
        state = .lookingUp(awaited: lookUps.reduce([]) { $0.union(SideSet($1.side)) })
        return .ask(lookUps)
    }

    /// The look-up of suspects on their authority, unless it cannot say or was found to have them all.
    private func lookUp(_ suspects: Suspects) throws(Refusal) -> Ask? {
        let authority = suspects.authority
        guard let lookUp = plan.lookUp, let request, suspects.isOpen, window(authority).failure == nil else {
            return nil
        }
        let follower = window(authority.other)
        do throws(AnswerFault) {
            let message = try suspects.request(lookUp, query: request, picks: merge.picks, follower: follower)
            return Ask(side: authority, method: lookUp.method, message: message)
        } catch {
            throw .fault(authority.other, error)
        }
    }

    /// Takes the answer to a look-up; an action if that ends the call.
    mutating func take(lookUp reply: Reply, of side: Side) -> Action? {
        switch reply {
        case .failed(let status): return note(.failed(status), of: side, awaited: [])
        case .unreachable: return note(.unreachable, of: side, awaited: [])
        case .message(let message):
            guard let lookUp = plan.lookUp else { return nil }
            do throws(AnswerFault) {
                switch side {
                case .old: try suspectsOfOld?.find(inAnswer: message, lookUp)
                case .new: try suspectsOfNew?.find(inAnswer: message, lookUp)
                }
                return nil
            } catch {
                return end(.refuse(.fault(side, error)))
            }
        }
    }

    /// No suspect is open any more: the page is full, or a side is asked for more, or this is all there is.
    mutating func settle() -> Action {
        var isDropped = Array(repeating: false, count: merge.picks.count)
        suspectsOfOld?.drop(into: &isDropped)
        suspectsOfNew?.drop(into: &isDropped)
        let dropped = isDropped.count { $0 }
        tally.suspectsDropped += dropped
        tally.suspectsKept += merge.picks.count { $0.isSuspect } - dropped
        suspectsOfOld = nil
        suspectsOfNew = nil
        let end = RowMerge.End(rows: limit ?? .max, bytes: maxAnswerBytes)
        merge.settle(dropping: isDropped, end: end, old: old.table, new: new.table)
        let blocked = (old.isBlocked ? SideSet.old : []).union(new.isBlocked ? .new : [])
        let isShort = merge.picks.count < limit ?? 1
        let mayAsk = rounds < Self.maxRounds && old.heldBytes + new.heldBytes < Self.maxHeldBytes
        if isShort, !merge.isCut, !blocked.isEmpty, mayAsk { return askPages(of: blocked) }
        return finish()
    }

    private mutating func finish() -> Action {
        let token: [UInt8]
        do throws(Refusal) {
            token = try nextToken()
        } catch {
            return end(.refuse(error))
        }
        var tail: [UInt8] = []
        if let field = plan.rows.paging.responseTokenField, !token.isEmpty {
            FieldWriter.append(field, token, to: &tail)
        }
        tally.pages = old.pages.count + new.pages.count
        tally.rows = merge.picks.count
        tally.duplicates = merge.duplicates
        let inputs = old.pages.map(\.message) + new.pages.map(\.message)
        return end(.answer(mergePlan().message(of: inputs, tail: tail), partial: missingSide))
    }

    /// The rest of one side's first page, then the rows.
    private func mergePlan() -> MergePlan {
        var output = MergePlan()
        if case .taken(let side) = plan.rest, let page = window(side).pages.first {
            let input = side == .old ? 0 : old.pages.count
            for range in page.frame.rest { output.append(range, of: input) }
        }
        for pick in merge.picks {
            let row = pick.side == .old ? old.table.rows[pick.row] : new.table.rows[pick.row]
            let input = pick.side == .old ? row.page : old.pages.count + row.page
            output.append(row.fieldStart..<row.end, of: input)
        }
        return output
    }

    private var missingSide: Side? {
        if old.failure != nil { return .old }
        return new.failure == nil ? nil : .new
    }
}
