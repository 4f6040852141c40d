import EventLoop

/// Files of keys as they were read last, so that a million keys are not read again for each change of the switches, and
/// each `status`. One list for each place of the switch file that names a file. From any thread.
package final class KeyListCache: Sendable {
    private struct Entry {
        let path: String
        let stamp: FileStamp
        let form: GrayKeyForm
        let list: KeyList
    }

    /// By the place that names the file.
    private let entries = Locked<[String: Entry]>([:])

    package init() {}

    /// Nil where it must be read: it is not known, or has changed.
    func list(at place: String, path: String, stamp: FileStamp?, form: GrayKeyForm) -> KeyList? {
        entries.withLock { entries in
            guard let entry = entries[place], entry.path == path, entry.stamp == stamp, entry.form == form else {
                return nil
            }
            return entry.list
        }
    }

    /// - Parameter stamp: from before the file was read; one that a further change could have left tells nothing.
    func keep(_ list: KeyList, at place: String, path: String, stamp: FileStamp?, form: GrayKeyForm) {
        guard let stamp, !stamp.isFresh else { return }
        let entry = Entry(path: path, stamp: stamp, form: form, list: list)
        entries.withLock { $0[place] = entry }
    }
}
