/// Finds the word that was probably meant.
enum Spelling {
    /// The known word nearest to what was written: one that begins like it, or differs from it by few letters.
    static func nearest(to word: String, among known: [String]) -> String? {
        let written = Array(word.lowercased())
        guard !written.isEmpty else { return nil }
        let candidates = known.map { ($0, distance(written, Array($0.lowercased()))) }
        guard let (best, changes) = candidates.min(by: { $0.1 < $1.1 }) else { return nil }
        // A word of which no letter is left is another word.
        if changes <= max(1, written.count / 3), changes < written.count { return best }
        guard written.count >= 3 else { return nil }
        return known.first {
            $0.lowercased().hasPrefix(word.lowercased()) || word.lowercased().hasPrefix($0.lowercased())
        }
    }

    /// "write one of a, b (did you mean a?)"
    static func advice(for word: String, among known: [String]) -> String {
        let list = known.count == 1 ? "write \(known[0])" : "write one of \(known.joined(separator: ", "))"
        guard let near = nearest(to: word, among: known) else { return list }
        return known.count > 8 ? "did you mean \(near)?" : "\(list) (did you mean \(near)?)"
    }

    /// Letters inserted, deleted, replaced, or swapped with their neighbour (optimal string alignment).
    static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for i in one.indices {
            var row = [i + 1]
            for j in other.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[other.count]
    }
}
