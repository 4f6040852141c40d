import EventLoop
import Glibc

/// Writes switch files: whole, synced, in one step.
package enum SwitchFileWriter {
    /// Creates a file with these switches. Fails with `EEXIST` when there is a file already.
    ///
    /// The file appears complete or not at all, also when the machine loses power: it is written beside its place,
    /// synced, and linked into place, which, unlike a rename, never replaces a file.
    package static func create(_ path: String, _ switches: InitialSwitches) throws(FileFailure) {
        // Said before a temporary file is tried, whose folder may be read-only.
        if Kernel.isAccessible(path) { throw FileFailure("create", path, code: EEXIST) }
        let temporary = "\(path).\(Kernel.processID).tmp"
        Kernel.unlink(temporary)
        try write(switches.text, to: temporary)
        defer { Kernel.unlink(temporary) }
        guard Kernel.link(temporary, path) == 0 else { throw FileFailure("create", path, code: errno) }
        try syncFolder(of: path)
    }

    /// Another text for a file, on the disk beside its place.
    struct Replacement {
        fileprivate let place: String
        fileprivate let temporary: String

        /// Puts it into its place: readers see the old text or the new one, also when the machine loses power. After a
        /// failure it is gone.
        func take() throws(FileFailure) {
            guard Kernel.rename(temporary, place) == 0 else {
                let failure = FileFailure("replace", place, code: errno)
                drop()
                throw failure
            }
            // The file is in its place and is followed; some file systems cannot sync a folder.
            try? SwitchFileWriter.syncFolder(of: place)
        }

        func drop() { Kernel.unlink(temporary) }
    }

    /// A symbolic link stays one, what it points to is replaced.
    ///
    /// Mode, group and access list stay, and where the process may set it the owner. Where the group cannot be kept,
    /// nobody gets its rights.
    static func replacement(of path: String, with text: String) throws(FileFailure) -> Replacement {
        let place = resolvingLinks(path)
        let replacement = Replacement(place: place, temporary: "\(place).\(Kernel.processID).tmp")
        replacement.drop()
        try write(text, to: replacement.temporary, like: place)
        return replacement
    }

    /// Removes what processes have left that ended amid a change. For the sidecar that owns the file.
    static func removeLeftovers(of path: String) {
        for place in Set([path, resolvingLinks(path)]) {
            let folder = FilePath.folder(of: place).isEmpty ? "." : FilePath.folder(of: place)
            for name in Kernel.names(in: folder) where isLeftover(name, of: FilePath.lastPart(of: place)) {
                Kernel.unlink(FilePath.resolve(name, in: folder))
            }
        }
    }

    /// Whether it is a temporary file of a process that is gone, or of one that had this one's number.
    static func isLeftover(_ name: String, of file: String) -> Bool {
        guard name.hasPrefix(file + "."), name.hasSuffix(".tmp"), name.count > file.count + 5,
            let process = Int32(name.dropFirst(file.count + 1).dropLast(4)), process > 0
        else { return false }
        return process == Kernel.processID || !Kernel.isAlive(process)
    }

    private static func resolvingLinks(_ path: String) -> String {
        Kernel.realPath(path) ?? path
    }

    private static func write(_ text: String, to path: String, like model: String? = nil) throws(FileFailure) {
        let mode: mode_t = model == nil ? 0o644 : 0o600
        let descriptor = Kernel.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileFailure("create", path, code: errno) }
        defer { Kernel.close(descriptor) }
        if let model { copyRights(of: model, to: descriptor) }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Kernel.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failedWrite(path) }
            written += count
        }
        guard Kernel.sync(descriptor) == 0 else { throw failedWrite(path) }
    }

    private static func copyRights(of model: String, to descriptor: Int32) {
        var status = stat()
        guard Kernel.status(model, &status) == 0 else { return }
        // The owner can be set by root alone; the group, by whoever belongs to it.
        if Kernel.setOwner(descriptor, status.st_uid, status.st_gid) != 0 {
            _ = Kernel.setOwner(descriptor, uid_t.max, status.st_gid)
        }
        var made = stat()
        guard Kernel.status(of: descriptor, &made) == 0 else { return }
        let isOfGroup = made.st_gid == status.st_gid
        Kernel.setMode(descriptor, status.st_mode & (isOfGroup ? 0o777 : 0o707))
        if isOfGroup { copyAccessList(of: model, to: descriptor) }
    }

    /// What chmod cannot say: rights of further users and groups (acl(5)).
    private static func copyAccessList(of model: String, to descriptor: Int32) {
        let name = "system.posix_acl_access"
        var list = [UInt8](repeating: 0, count: 1 << 16)
        let count = Kernel.attribute(name, of: model, &list)
        if count > 0 { Kernel.setAttribute(name, of: descriptor, list[..<count]) }
    }

    private static func failedWrite(_ path: String) -> FileFailure {
        let failure = FileFailure("write", path, code: errno)
        Kernel.unlink(path)
        return failure
    }

    private static func syncFolder(of path: String) throws(FileFailure) {
        let folder = FilePath.folder(of: path).isEmpty ? "." : FilePath.folder(of: path)
        let descriptor = Kernel.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure("sync", folder, code: errno) }
        defer { Kernel.close(descriptor) }
        guard Kernel.sync(descriptor) == 0 else { throw FileFailure("sync", folder, code: errno) }
    }
}
