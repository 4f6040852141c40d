/// Writes a change of the switches to the disk: on record first, then into the switch file.
///
/// The new switch file is written beside its place before anything else, so that a full disk fails where nothing is on
/// record yet. What is left to fail after the entry is a rename; then the change is withdrawn by another entry.
struct SwitchChangeFiles {
    let audit: AuditFile
    let switchFile: String

    /// The change was not made.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let cause: FileFailure
        /// Why it is on record all the same.
        var unwithdrawn: FileFailure?

        var description: String { "\(cause); nothing has changed" }
    }

    /// - Parameters:
    ///   - before: what the switch file says.
    ///   - text: the switch file's text after the change.
    func write(_ entry: AuditEntry, before: SwitchEntry, text: String) throws(Failure) {
        let replacement: SwitchFileWriter.Replacement
        do {
            replacement = try SwitchFileWriter.replacement(of: switchFile, with: text)
        } catch {
            throw Failure(cause: error)
        }
        do {
            try audit.append(entry)
        } catch {
            replacement.drop()
            throw Failure(cause: error)
        }
        do {
            try replacement.take()
        } catch {
            throw withdraw(entry, before, error)
        }
    }

    private func withdraw(_ entry: AuditEntry, _ before: SwitchEntry, _ cause: FileFailure) -> Failure {
        let withdrawal = AuditEntry(
            time: Timestamp.now, migration: entry.migration, origin: .withdrawn, by: entry.by, reason: "\(cause)",
            before: entry.after, after: before, undoes: entry.after.epoch)
        do {
            try audit.append(withdrawal)
        } catch {
            return Failure(cause: cause, unwithdrawn: error)
        }
        return Failure(cause: cause)
    }
}
