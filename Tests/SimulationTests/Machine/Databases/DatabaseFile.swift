import GRDBSQLite
import Glibc

/// Who has a file open as SQLite does, and the memory beside it that they share.
final class DatabaseUse {
    var files: [DatabaseFile] = []
    /// What a WAL's readers and writers tell each other: gone when its last user is.
    var memory: [UnsafeMutableRawPointer] = []

    /// A process has been killed: its locks are free.
    func leave(_ process: SimulatedProcess) {
        for file in files where file.process === process { file.leaveSharedMemory() }
        files.removeAll { $0.process === process }
    }
}

/// A file that SQLite has open, for one connection.
final class DatabaseFile {
    private let world: World
    let inode: Inode
    /// Nil for one that nobody else sees.
    private let path: String?
    let process: SimulatedProcess
    private let isReadOnly: Bool
    private let isDeletedAtEnd: Bool
    /// It is new, and a journal: its name has to survive too.
    private var syncsFolder = false
    private var level = SQLITE_LOCK_NONE
    private var usesMemory = false
    private(set) var isSyncing = false
    /// One bit for each of the shared memory's locks.
    private var (shared, exclusive): (UInt8, UInt8) = (0, 0)

    init?(_ path: String?, _ flags: Int32, in world: World) {
        self.world = world
        self.path = path
        process = world.current.process
        isReadOnly = flags & SQLITE_OPEN_READONLY != 0
        isDeletedAtEnd = flags & SQLITE_OPEN_DELETEONCLOSE != 0
        if let inode = path.flatMap({ world.disk.entries[$0] }) {
            guard inode.kind == .file, flags & SQLITE_OPEN_EXCLUSIVE == 0 else { return nil }
            self.inode = inode
        } else if let path {
            guard flags & SQLITE_OPEN_CREATE != 0 else { return nil }
            inode = world.disk.make(path, at: world.now)
            syncsFolder = flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL) != 0
        } else {
            inode = Inode(number: 0, kind: .file, at: world.now)
        }
        if inode.unsynced == nil { inode.unsynced = UnsyncedChanges() }
        if inode.database == nil { inode.database = DatabaseUse() }
        use.files.append(self)
    }

    private var use: DatabaseUse {
        guard let use = inode.database else { preconditionFailure("the database is closed") }
        return use
    }

    private var others: [DatabaseFile] { use.files.filter { $0 !== self } }

    func close() {
        leaveSharedMemory()
        use.files.removeAll { $0 === self }
        if isDeletedAtEnd, let path { _ = world.unlink(path) }
    }

    // MARK: - Content

    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int32 {
        let taken = max(0, min(buffer.count, inode.bytes.count - offset))
        if taken > 0 {
            inode.bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + taken)]))
            }
        }
        guard taken < buffer.count else { return SQLITE_OK }
        memset(buffer.baseAddress! + taken, 0, buffer.count - taken)
        return SQLITE_IOERR | 2 << 8
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int32 {
        guard !isReadOnly else { return SQLITE_READONLY }
        if world.chance.happens(oneIn: 8) { world.sleep(nanoseconds: world.chance.below(100_000)) }
        guard path.map({ !world.disk.isFull($0, at: world.now) }) ?? true else { return SQLITE_FULL }
        inode.write(bytes, at: offset, time: world.now)
        return SQLITE_OK
    }

    func cut(to size: Int) -> Int32 {
        guard !isReadOnly else { return SQLITE_READONLY }
        inode.cut(to: size, time: world.now)
        return SQLITE_OK
    }

    /// It takes its time, and has been made at some moment of it.
    func sync() -> Int32 {
        isSyncing = true
        defer { isSyncing = false }
        let longest: UInt64 = world.chance.happens(oneIn: 20) ? 20_000_000 : 500_000
        world.sleep(nanoseconds: world.chance.below(longest))
        guard path.map({ !world.disk.isFailing($0, at: world.now) }) ?? true else {
            world.disk.failedSyncs += 1
            return SQLITE_IOERR | 4 << 8
        }
        world.note("sync", inode.number)
        inode.unsynced?.removeAll()
        if syncsFolder, let path { world.disk.syncFolder(Disk.folder(of: path)) }
        syncsFolder = false
        world.sleep(nanoseconds: world.chance.below(longest / 4))
        return SQLITE_OK
    }

    // MARK: - Locks

    var isReserved: Bool { use.files.contains { $0.level >= SQLITE_LOCK_RESERVED } }

    func lock(_ wanted: Int32) -> Int32 {
        guard wanted > level else { return SQLITE_OK }
        let highest = others.map(\.level).max() ?? SQLITE_LOCK_NONE
        switch wanted {
        case SQLITE_LOCK_SHARED:
            guard highest < SQLITE_LOCK_PENDING else { return SQLITE_BUSY }
        case SQLITE_LOCK_RESERVED:
            guard highest < SQLITE_LOCK_RESERVED else { return SQLITE_BUSY }
        default:
            guard highest < SQLITE_LOCK_PENDING else { return SQLITE_BUSY }
            // From here on nobody begins to read.
            level = max(level, SQLITE_LOCK_PENDING)
            guard highest < SQLITE_LOCK_SHARED else { return SQLITE_BUSY }
        }
        level = wanted
        return SQLITE_OK
    }

    func unlock(_ wanted: Int32) -> Int32 {
        level = min(level, wanted)
        return SQLITE_OK
    }

    // MARK: - Shared memory

    func sharedMemory(_ index: Int, size: Int, extends: Bool) -> UnsafeMutableRawPointer? {
        usesMemory = true
        let use = use
        while extends, use.memory.count <= index {
            let region = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
            memset(region, 0, size)
            use.memory.append(region)
        }
        return index < use.memory.count ? use.memory[index] : nil
    }

    func lockShared(first: Int32, count: Int32, flags: Int32) -> Int32 {
        let slots = UInt8(truncatingIfNeeded: ((1 << count) - 1) << first)
        if flags & SQLITE_SHM_UNLOCK != 0 {
            if flags & SQLITE_SHM_SHARED != 0 { shared &= ~slots } else { exclusive &= ~slots }
            return SQLITE_OK
        }
        usesMemory = true
        let isTaken = others.contains {
            $0.exclusive & slots != 0 || (flags & SQLITE_SHM_EXCLUSIVE != 0 && $0.shared & slots != 0)
        }
        guard !isTaken else { return SQLITE_BUSY }
        if flags & SQLITE_SHM_SHARED != 0 { shared |= slots } else { exclusive |= slots }
        return SQLITE_OK
    }

    func leaveSharedMemory() {
        guard usesMemory else { return }
        (shared, exclusive, usesMemory) = (0, 0, false)
        guard !use.files.contains(where: \.usesMemory) else { return }
        for region in use.memory { region.deallocate() }
        use.memory = []
    }
}
