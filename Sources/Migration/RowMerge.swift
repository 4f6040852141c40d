import WireFormat

/// The rows of a page of a merged multi query, chosen from both sides' windows in the order of their positions.
///
/// A row is decided only when no row can come before it any more: as soon as a side has nothing left but has more to
/// say, the other side's rows wait. A record that stands on both sides at one position is one row, its authority's.
struct RowMerge: Sendable {
    /// A row that belongs to the answer, or may.
    struct Pick: Sendable, Equatable {
        let side: Side
        let row: Int
        /// Only its follower returned it so far.
        let isSuspect: Bool
    }

    private(set) var picks: [Pick] = []
    /// How many of them are no suspects.
    private(set) var certain = 0
    /// Records that stood on both sides at one position.
    private(set) var duplicates = 0
    /// The last row that was decided, whatever came of it.
    private(set) var last: (side: Side, row: Int)?
    /// Whether the limit left rows over.
    private(set) var isCut = false

    /// Decides rows until the windows or the limit end it.
    mutating func run(old: inout MergeWindow, new: inout MergeWindow, limit: Int) {
        while !old.isBlocked, !new.isBlocked, old.hasNext || new.hasNext {
            let order = Self.order(old, new)
            let pick = order == 0 ? Self.pair(old, new) : Self.single(order < 0 ? old : new)
            if let pick {
                guard certain < limit else {
                    isCut = true
                    return
                }
                picks.append(pick)
                if order == 0 { duplicates += 1 }
                if !pick.isSuspect { certain += 1 }
            }
            last = order <= 0 ? (.old, old.next) : (.new, new.next)
            if order <= 0 { old.next += 1 }
            if order >= 0 { new.next += 1 }
        }
    }

    /// What a page holds at most.
    struct End {
        let rows: Int
        /// Of rows; a page has one row in any case.
        let bytes: Int
    }

    /// Settles all suspects, dropping those that their authority has, and cuts the page where it ends.
    mutating func settle(dropping isDropped: [Bool], end: End, old: RowTable, new: RowTable) {
        let candidates = picks
        var bytes = 0
        picks.removeAll(keepingCapacity: true)
        for (index, pick) in candidates.enumerated() where !isDropped[index] {
            let row = pick.side == .old ? old.rows[pick.row] : new.rows[pick.row]
            bytes += row.end - row.fieldStart
            guard picks.count < end.rows, bytes <= end.bytes || picks.isEmpty else {
                isCut = true
                break
            }
            picks.append(Pick(side: pick.side, row: pick.row, isSuspect: false))
        }
        certain = picks.count
        if isCut, let pick = picks.last { last = (pick.side, pick.row) }
    }

    /// Below 0 when old's next row comes first, 0 when both are the same record at the same place.
    private static func order(_ old: MergeWindow, _ new: MergeWindow) -> Int {
        guard old.hasNext else { return 1 }
        guard new.hasNext else { return -1 }
        return RowTable.compare(old.table, old.next, new.table, new.next)
    }

    /// A record that stands on both sides: its authority's row. Where the two copies name different authorities, old's
    /// word is taken, so that it is one row in any case.
    private static func pair(_ old: MergeWindow, _ new: MergeWindow) -> Pick? {
        let standings = (old.standings[old.next], new.standings[new.next])
        switch standings {
        case (.authoritative, _), (.follower, .dropped): return Pick(side: .old, row: old.next, isSuspect: false)
        case (.dropped, .dropped): return nil
        case (.follower, _), (.dropped, _): return Pick(side: .new, row: new.next, isSuspect: false)
        }
    }

    private static func single(_ window: MergeWindow) -> Pick? {
        switch window.standings[window.next] {
        case .authoritative: Pick(side: window.side, row: window.next, isSuspect: false)
        case .follower: Pick(side: window.side, row: window.next, isSuspect: true)
        case .dropped: nil
        }
    }
}
