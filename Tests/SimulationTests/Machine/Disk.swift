import CLinux
import EventLoop
import Glibc

/// A file: what is in it, and what of it would survive the machine.
final class Inode {
    enum Kind {
        case file
        case socket
    }

    let number: UInt64
    let kind: Kind
    var bytes: [UInt8] = []
    var synced: [UInt8] = []
    var changed: UInt64
    var owner: SimulatedProcess?
    var lock: FileDescriptor?
    /// Where pieces may reach the disk in any order, as databases reckon with: kept in place of `synced`.
    var unsynced: UnsyncedChanges?
    var database: DatabaseUse?

    init(number: UInt64, kind: Kind, at time: UInt64) {
        self.number = number
        self.kind = kind
        changed = time
    }
}

/// Paths are absolute and without links. Folders need not be made.
final class Disk {
    var entries: [String: Inode] = [:]
    private var synced: [String: Inode] = [:]
    private var nextInode: UInt64 = 1
    var watches: [FolderWatchDescriptor] = []
    /// By the beginning of paths: what databases there meet before this time.
    var (fullUntil, failingUntil): ([String: UInt64], [String: UInt64]) = ([:], [:])
    /// What other files meet that begin with a path.
    var troubles: [(path: String, isFull: Bool, until: UInt64)] = []
    /// How often a sync has failed.
    var failedSyncs = 0

    @discardableResult
    func make(_ path: String, kind: Inode.Kind = .file, at time: UInt64) -> Inode {
        nextInode += 1
        let inode = Inode(number: nextInode, kind: kind, at: time)
        entries[path] = inode
        tell(path)
        return inode
    }

    /// As if it had always been there.
    func put(_ path: String, _ text: String) {
        let inode = entries[path] ?? make(path, at: 0)
        inode.bytes = Array(text.utf8)
        inode.synced = inode.bytes
        inode.changed += 1
        synced[path] = inode
        tell(path)
    }

    func text(_ path: String) -> String? { entries[path].map { String(decoding: $0.bytes, as: UTF8.self) } }

    func syncFolder(_ folder: String) {
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        for path in Set(synced.keys).union(entries.keys) where Self.folder(of: path) + "/" == prefix {
            synced[path] = entries[path]
        }
    }

    func isFolder(_ path: String) -> Bool {
        let prefix = path.hasSuffix("/") ? path : path + "/"
        return entries.keys.contains { $0.hasPrefix(prefix) }
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    func isFull(_ path: String, at now: UInt64) -> Bool {
        fullUntil.contains { path.hasPrefix($0.key) && now < $0.value }
    }

    func isFailing(_ path: String, at now: UInt64) -> Bool {
        failingUntil.contains { path.hasPrefix($0.key) && now < $0.value }
    }

    func hasTrouble(_ path: String, isFull: Bool, at now: UInt64) -> Bool {
        troubles.contains { $0.isFull == isFull && now < $0.until && path.hasPrefix($0.path) }
    }

    func tell(_ path: String) {
        let folder = Self.folder(of: path)
        for watch in watches where watch.folder == folder { watch.events += 1 }
    }

    /// What was not synced is lost, wholly or in part.
    func crash(in folder: String, _ chance: inout Chance) {
        for path in Set(synced.keys).union(entries.keys).sorted() where path.hasPrefix(folder) {
            // A change of the folder may have reached the disk all the same.
            if entries[path] !== synced[path], chance.happens(oneIn: 2) {
                entries[path] = synced[path]
            } else {
                synced[path] = entries[path]
            }
            guard let inode = entries[path], inode.kind == .file else { continue }
            if let survived = inode.unsynced?.crash(inode.bytes, &chance) {
                inode.bytes = survived
                continue
            }
            if inode.bytes != inode.synced, chance.happens(oneIn: 2) {
                let common = zip(inode.bytes, inode.synced).prefix { $0 == $1 }.count
                if common == inode.synced.count {
                    // Appended: a part of the tail may be there.
                    let kept = common + Int(chance.below(UInt64(inode.bytes.count - common)))
                    inode.bytes = Array(inode.bytes[..<kept])
                } else {
                    inode.bytes = inode.synced
                }
            }
            inode.synced = inode.bytes
        }
    }

    func freeLocks(of process: SimulatedProcess) {
        for inode in entries.values {
            if inode.lock?.process === process { inode.lock = nil }
            inode.database?.leave(process)
        }
    }

    /// Who has a database of this folder open.
    func users(in folder: String) -> [SimulatedProcess] {
        var users: [Int32: SimulatedProcess] = [:]
        for file in databaseFiles(in: folder) { users[file.process.number] = file.process }
        return users.sorted { $0.key < $1.key }.map(\.value)
    }

    func isSyncing(in folder: String) -> Bool { databaseFiles(in: folder).contains(where: \.isSyncing) }

    private func databaseFiles(in folder: String) -> [DatabaseFile] {
        entries.filter { $0.key.hasPrefix(folder) }.flatMap { $0.value.database?.files ?? [] }
    }
}

final class FileDescriptor: Descriptor {
    let inode: Inode
    let path: String
    let isAppending: Bool
    let isWriting: Bool
    var offset = 0
    var hasWritten = false

    init(inode: Inode, path: String, flags: Int32) {
        self.inode = inode
        self.path = path
        isAppending = flags & O_APPEND != 0
        isWriting = flags & O_ACCMODE != O_RDONLY
    }

    override func readiness(in world: World) -> UInt32 { EPOLLIN.rawValue | EPOLLOUT.rawValue }

    override func close(in world: World) {
        if inode.lock === self { inode.lock = nil }
        if hasWritten { world.disk.tell(path) }
    }
}

final class FolderDescriptor: Descriptor {
    let path: String
    init(path: String) { self.path = path }
}

final class FolderWatchDescriptor: Descriptor {
    var folder = ""
    var events = 0

    override func readiness(in world: World) -> UInt32 { events > 0 ? EPOLLIN.rawValue : 0 }
    override func close(in world: World) { world.disk.watches.removeAll { $0 === self } }
}

extension World {
    func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
        if flags & O_DIRECTORY != 0 {
            return disk.isFolder(path) ? add(FolderDescriptor(path: path)) : fail(ENOENT)
        }
        if let inode = disk.entries[path] {
            if flags & O_CREAT != 0, flags & O_EXCL != 0 { return fail(EEXIST) }
            if inode.kind == .socket { return fail(ENXIO) }
            if flags & O_TRUNC != 0 { inode.bytes = [] }
            return add(FileDescriptor(inode: inode, path: path, flags: flags))
        }
        guard flags & O_CREAT != 0 else { return fail(disk.isFolder(path) ? EISDIR : ENOENT) }
        return add(FileDescriptor(inode: disk.make(path, at: now), path: path, flags: flags))
    }

    func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        switch descriptors[descriptor] {
        case let event as EventDescriptor:
            interrupt()
            guard event.count > 0 else { return fail(EAGAIN) }
            buffer?.storeBytes(of: event.count, as: UInt64.self)
            event.count = 0
            return 8
        case let signals as SignalDescriptor:
            guard !signals.pending.isEmpty else { return fail(EAGAIN) }
            guard let buffer else { return fail(EFAULT) }
            memset(buffer, 0, count)
            buffer.storeBytes(of: UInt32(signals.pending.removeFirst()), as: UInt32.self)
            return count
        case let watch as FolderWatchDescriptor:
            guard watch.events > 0 else { return fail(EAGAIN) }
            watch.events = 0
            guard let buffer else { return fail(EFAULT) }
            memset(buffer, 0, MemoryLayout<UInt32>.size * 4)
            return MemoryLayout<UInt32>.size * 4
        case let file as FileDescriptor:
            let taken = read(descriptor, buffer, count, at: file.offset)
            file.offset += max(taken, 0)
            return taken
        default: return fail(EBADF)
        }
    }

    func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int, at offset: Int) -> Int {
        guard let file = descriptors[descriptor] as? FileDescriptor else { return fail(EBADF) }
        let taken = max(0, min(count, file.inode.bytes.count - offset))
        if taken > 0 {
            file.inode.bytes.withUnsafeBytes {
                buffer?.copyMemory(from: $0.baseAddress! + offset, byteCount: taken)
            }
        }
        return taken
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        if descriptor == 1 || descriptor == 2 {
            current.process.console += UnsafeRawBufferPointer(start: bytes, count: count)
            return count
        }
        switch descriptors[descriptor] {
        case let event as EventDescriptor:
            event.count += bytes?.loadUnaligned(as: UInt64.self) ?? 0
            interrupt()
            return 8
        case let file as FileDescriptor:
            let offset = file.isAppending ? file.inode.bytes.count : file.offset
            let taken = write(descriptor, bytes, count, at: offset)
            file.offset = offset + max(taken, 0)
            return taken
        default: return fail(EBADF)
        }
    }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, at offset: Int) -> Int {
        guard let file = descriptors[descriptor] as? FileDescriptor, file.isWriting else { return fail(EBADF) }
        if disk.hasTrouble(file.path, isFull: true, at: now) { return fail(ENOSPC) }
        file.hasWritten = true
        file.inode.write(UnsafeRawBufferPointer(start: bytes, count: count), at: offset, time: now)
        return count
    }

    func cut(_ descriptor: Int32, to size: Int) -> Int32 {
        guard let file = descriptors[descriptor] as? FileDescriptor else { return fail(EBADF) }
        file.inode.cut(to: size, time: now)
        return 0
    }

    func sync(_ descriptor: Int32) -> Int32 {
        switch descriptors[descriptor] {
        case let file as FileDescriptor:
            if disk.hasTrouble(file.path, isFull: false, at: now) { return fail(EIO) }
            file.inode.synced = file.inode.bytes
        case let folder as FolderDescriptor: disk.syncFolder(folder.path)
        default: return fail(EBADF)
        }
        return 0
    }

    func status(of descriptor: Int32, _ status: inout stat) -> Int32 {
        guard let file = descriptors[descriptor] as? FileDescriptor else { return fail(EBADF) }
        fill(&status, file.inode)
        return 0
    }

    func status(_ path: String, _ status: inout stat, followsLinks: Bool) -> Int32 {
        guard let inode = disk.entries[path] else { return fail(ENOENT) }
        fill(&status, inode)
        return 0
    }

    private func fill(_ status: inout stat, _ inode: Inode) {
        status = stat()
        status.st_dev = 1
        status.st_ino = UInt(inode.number)
        status.st_mode = (inode.kind == .socket ? S_IFSOCK : S_IFREG) | 0o644
        status.st_size = inode.bytes.count
        let seconds = Int(inode.changed / 1_000_000_000) + dayOffset
        status.st_mtim = timespec(tv_sec: seconds, tv_nsec: Int(inode.changed % 1_000_000_000))
        status.st_ctim = status.st_mtim
    }

    func isAccessible(_ path: String, _ mode: Int32) -> Bool {
        disk.entries[path] != nil || disk.isFolder(path)
    }

    func realPath(_ path: String) -> String? {
        if path == "." { return "/\(current.process.name)" }
        guard isAccessible(path, F_OK) else {
            errno = ENOENT
            return nil
        }
        return path
    }

    func rename(_ from: String, _ to: String) -> Int32 {
        guard let inode = disk.entries.removeValue(forKey: from) else { return fail(ENOENT) }
        disk.entries[to] = inode
        disk.tell(to)
        return 0
    }

    func link(_ from: String, _ to: String) -> Int32 {
        guard let inode = disk.entries[from] else { return fail(ENOENT) }
        guard disk.entries[to] == nil else { return fail(EEXIST) }
        disk.entries[to] = inode
        disk.tell(to)
        return 0
    }

    func unlink(_ path: String) -> Int32 {
        guard disk.entries.removeValue(forKey: path) != nil else { return fail(ENOENT) }
        disk.tell(path)
        return 0
    }

    func lock(_ descriptor: Int32, _ operation: Int32) -> Int32 {
        guard let file = descriptors[descriptor] as? FileDescriptor else { return fail(EBADF) }
        guard operation & LOCK_EX != 0 else {
            if file.inode.lock === file { file.inode.lock = nil }
            return 0
        }
        if let lock = file.inode.lock, lock !== file { return fail(EWOULDBLOCK) }
        file.inode.lock = file
        return 0
    }

    func setOwner(_ descriptor: Int32, _ user: uid_t, _ group: gid_t) -> Int32 { 0 }
    func setMode(_ descriptor: Int32, _ mode: mode_t) {}
    func setMask(_ mask: mode_t) -> mode_t { 0o022 }
    func attribute(_ name: String, of path: String, _ buffer: inout [UInt8]) -> Int { fail(ENODATA) }
    func setAttribute(_ name: String, of descriptor: Int32, _ value: ArraySlice<UInt8>) {}
    func names(in folder: String) -> [String] {
        disk.entries.keys.filter { Disk.folder(of: $0) == folder }
            .map { String($0.dropFirst(folder.count + 1)) }.sorted()
    }

    func destination(ofLink path: String) -> String? { nil }

    func size(of descriptor: Int32) -> Int {
        guard let file = descriptors[descriptor] as? FileDescriptor else { return fail(ESPIPE) }
        return file.inode.bytes.count
    }

    /// Of the simulated ones.
    func isAlive(_ process: Int32) -> Bool { threads.contains { $0.process.number == process && !$0.process.isDead } }
    func makeFolderWatch() -> Int32 { add(FolderWatchDescriptor()) }

    func watch(_ watch: Int32, _ folder: String, _ mask: UInt32) -> Int32 {
        guard let descriptor = descriptors[watch] as? FolderWatchDescriptor else { return fail(EBADF) }
        descriptor.folder = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        disk.watches.append(descriptor)
        return 1
    }
}

extension Inode {
    func write(_ written: UnsafeRawBufferPointer, at offset: Int, time: UInt64) {
        unsynced?.noteWrite(written, at: offset, in: bytes)
        if bytes.count < offset { bytes += [UInt8](repeating: 0, count: offset - bytes.count) }
        let overlap = min(written.count, bytes.count - offset)
        if overlap > 0 {
            bytes.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[offset..<(offset + overlap)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: written[..<overlap]))
            }
        }
        bytes += written[overlap...]
        changed = max(changed + 1, time)
    }

    func cut(to size: Int, time: UInt64) {
        unsynced?.noteCut(to: size, in: bytes)
        if size < bytes.count {
            bytes.removeLast(bytes.count - size)
        } else {
            bytes += [UInt8](repeating: 0, count: size - bytes.count)
        }
        changed = max(changed + 1, time)
    }
}
