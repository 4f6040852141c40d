/// What the switches are to be, and how they came to it: a text with an entry for each migration, and the record of its
/// changes. Changes are made by compare-and-set: of two that start from the same page one is made.
///
/// The switch file and its audit file are the first (`SwitchFileBook`); a store that counts revisions can be another.
/// What is written takes effect on the way that everything in the book does, by a `SwitchSource`.
protocol SwitchBook: AnyObject {
    /// What messages call it.
    var name: String { get }

    /// What it says now.
    func page() throws(SwitchBookFault) -> SwitchPage
    /// Makes the change that makes `text` of `page`, and puts it on record. Where this fails neither is done.
    ///
    /// - Parameter before: the migration's entry on the page.
    func make(
        _ change: AuditEntry, of page: SwitchPage, before: SwitchEntry, text: String
    ) throws(SwitchBookFault)
    /// Puts a change on record that was made by other means.
    func note(_ change: AuditEntry) throws(SwitchBookFault)

    /// The newest change of a migration that is on record; nil where none is.
    func newestChange(of migration: String) throws(SwitchBookFault) -> AuditEntry?
    /// The end of the record, quickly.
    func latestChanges() throws(SwitchBookFault) -> SwitchRecord
    /// All of it, oldest first, which may take a while.
    func allChanges() throws(SwitchBookFault) -> [AuditEntry]
}

/// A book's text at one time.
struct SwitchPage: Sendable, Equatable {
    let text: [UInt8]
    /// Of a book that counts its changes; 0 where the text alone tells one page from another.
    var revision: UInt64 = 0
}

struct SwitchRecord: Sendable {
    /// Oldest first.
    var changes: [AuditEntry]
    /// Whether there are no older ones.
    var isWhole: Bool
}

/// Why a book was not read, or a change was not made.
struct SwitchBookFault: Error, Equatable, CustomStringConvertible {
    enum Cause: Equatable {
        /// There is no book.
        case missing
        /// It says something else by now.
        case overtaken
        case other
    }

    let cause: Cause
    let description: String
    /// Why a change that was not made is on record all the same.
    var unwithdrawn: String?

    init(_ failure: FileFailure) {
        cause = failure.isMissing ? .missing : .other
        description = "\(failure)"
    }

    init(_ cause: Cause, _ description: String, unwithdrawn: String? = nil) {
        self.cause = cause
        self.description = description
        self.unwithdrawn = unwithdrawn
    }
}
