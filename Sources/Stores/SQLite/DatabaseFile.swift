import EventLoop
import Glibc

/// The file that a path led to when the database was opened. SQLite goes on with that file when another one has taken
/// its place, or none: what it reads then is what nobody else sees, and what it writes is lost.
struct DatabaseFile: Sendable {
    let path: String
    private let device: UInt64
    private let inode: UInt64

    /// Nil when there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard Kernel.status(path, &status) == 0 else { return nil }
        self.path = path
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// Why the opened file is not the one at the path any more; nil while it is. One call of the system.
    var problem: String? {
        var status = stat()
        guard Kernel.status(path, &status) == 0 else {
            // Whatever else hinders a look does not hinder an open file.
            guard errno == ENOENT || errno == ENOTDIR else { return nil }
            return "the file at \(path) is gone; put it back, or restart the sidecar once another one is there"
        }
        guard UInt64(status.st_dev) != device || UInt64(status.st_ino) != inode else { return nil }
        return "the file at \(path) was replaced; restart the sidecar"
    }
}
