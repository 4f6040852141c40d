/// The switch file as a book, with its audit file as the record. A change is put on record first, then into the switch
/// file.
///
/// The new switch file is written beside its place before anything else, so that a full disk fails where nothing is on
/// record yet. What is left to fail after the entry is a rename; then the change is withdrawn by another entry.
/// Whoever else writes the file does not ask: what it writes between the last look and the rename is lost.
final class SwitchFileBook: SwitchBook {
    let name: String
    private let audit: AuditFile
    private var tail: AuditTail

    init(_ path: String) {
        name = path
        audit = AuditFile(switchFile: path)
        tail = AuditTail(audit)
    }

    /// What processes have left that ended amid a change. For the sidecar that owns the file.
    func removeLeftovers() { SwitchFileWriter.removeLeftovers(of: name) }

    func page() throws(SwitchBookFault) -> SwitchPage {
        try Self.reading { () throws(FileFailure) in
            SwitchPage(text: try FileContent.read(name, limit: SwitchFileReader.fileBytesAtMost))
        }
    }

    // MARK: - Changes

    func make(
        _ change: AuditEntry, of page: SwitchPage, before: SwitchEntry, text: String
    ) throws(SwitchBookFault) {
        let replacement: SwitchFileWriter.Replacement
        do throws(FileFailure) {
            replacement = try SwitchFileWriter.replacement(of: name, with: text)
        } catch {
            throw Self.notMade(error)
        }
        guard isAsRead(page) else {
            replacement.drop()
            throw SwitchBookFault(.overtaken, "\(name) was changed meanwhile; nothing has changed")
        }
        do throws(FileFailure) {
            try audit.append(change)
        } catch {
            replacement.drop()
            throw Self.notMade(error)
        }
        do throws(FileFailure) {
            try replacement.take()
        } catch {
            throw withdraw(change, before, error)
        }
    }

    func note(_ change: AuditEntry) throws(SwitchBookFault) {
        try Self.reading { () throws(FileFailure) in try audit.append(change) }
    }

    /// What is no file any more, or cannot be read, the rename judges.
    private func isAsRead(_ page: SwitchPage) -> Bool {
        do throws(SwitchBookFault) {
            return try self.page() == page
        } catch {
            return error.cause != .missing
        }
    }

    private func withdraw(_ change: AuditEntry, _ before: SwitchEntry, _ cause: FileFailure) -> SwitchBookFault {
        let withdrawal = AuditEntry(
            time: Timestamp.now, migration: change.migration, origin: .withdrawn, by: change.by, reason: "\(cause)",
            before: change.after, after: before, undoes: change.after.epoch)
        var fault = Self.notMade(cause)
        do throws(FileFailure) {
            try audit.append(withdrawal)
        } catch {
            fault.unwithdrawn = "\(error)"
        }
        return fault
    }

    private static func notMade(_ failure: FileFailure) -> SwitchBookFault {
        SwitchBookFault(.other, "\(failure); nothing has changed")
    }

    // MARK: - The record

    func newestChange(of migration: String) throws(SwitchBookFault) -> AuditEntry? {
        try Self.reading { () throws(FileFailure) in try audit.newest(of: migration).entry }
    }

    func latestChanges() throws(SwitchBookFault) -> SwitchRecord {
        let changes = try Self.reading { () throws(FileFailure) in try tail.entries() }
        return SwitchRecord(changes: changes, isWhole: tail.isWhole)
    }

    func allChanges() throws(SwitchBookFault) -> [AuditEntry] {
        try Self.reading { () throws(FileFailure) in try audit.entries() }
    }

    private static func reading<Result>(
        _ body: () throws(FileFailure) -> Result
    ) throws(SwitchBookFault) -> Result {
        do throws(FileFailure) {
            return try body()
        } catch {
            throw SwitchBookFault(error)
        }
    }
}
