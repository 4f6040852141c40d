extension RecordTable.Unrest {
    /// Why records stay behind, and until when; nil where none does.
    ///
    /// - Parameter entities: the names of the migration's entities.
    func sentence(at now: UInt64, _ entities: [String]) -> String? {
        guard count > 0 else { return nil }
        var reasons: [String] = []
        if open > 0 { reasons.append("\(open) \(open == 1 ? "is" : "are") being written just now") }
        let seconds = (unsettledUntil - min(now, unsettledUntil) + 999_999_999) / 1_000_000_000
        if unsettled > 0 {
            reasons.append("\(unsettled) had a write whose answer was lost, and wait at most \(seconds) s")
        }
        if dirty > 0 {
            reasons.append("\(dirty) may differ between the sides, until a write makes them equal")
        }
        if dirtyAndUnsettled > 0 {
            reasons.append(
                "\(dirtyAndUnsettled) of those had a write whose answer was lost, and wait at most \(seconds) s too")
        }
        let names = examples.map { "\(RecordText($0, of: entities))" }.joined(separator: ", ")
        return """
            In force for all but \(count) record\(count == 1 ? "" : "s") \
            (\(names)\(count > examples.count ? ", ..." : "")), which keep the stage that they had: \
            \(reasons.joined(separator: "; "))
            """
    }
}
