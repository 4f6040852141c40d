/// What the merge of a page came to, for the stats.
package struct MergeTally: Sendable, Equatable {
    /// Answers of the sides that it was made of.
    package internal(set) var pages = 0
    package internal(set) var rows = 0
    /// Rows that both sides returned, of which one was dropped.
    package internal(set) var duplicates = 0
    /// Suspects: asked for by key on their authority, dropped since it has them, and kept.
    package internal(set) var suspectsLookedUp = 0
    package internal(set) var suspectsDropped = 0
    package internal(set) var suspectsKept = 0

    package init() {}
}
