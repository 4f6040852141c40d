import EventLoop
import Glibc

/// What changes when a file is replaced or written.
struct FileStamp: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let modified: [Int]
    private let changedAt: Int

    /// Nil when there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard Kernel.status(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
        changedAt = status.st_ctim.tv_sec
    }

    /// Whether the file changed so lately that a further change could have left the same stamp: clocks of file
    /// systems are coarse.
    var isFresh: Bool { Kernel.realTime.seconds - changedAt < 3 }
}
