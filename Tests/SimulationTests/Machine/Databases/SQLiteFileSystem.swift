import EventLoop
import GRDBSQLite
import Glibc

/// What SQLite asks of the system, answered by the simulated machine: the one file system that SQLite knows here.
///
/// It does as SQLite's own for Unix: a lock of five levels for each connection, shared memory beside a WAL for as long
/// as somebody uses it, a folder that is synced with the first sync of a new journal. A write or a sync may give the
/// turn away, so that a process may be killed in the middle of a commit; SQLite has no lock of its own in hand there,
/// but that of the one connection.
enum SQLiteFileSystem {
    /// Where all databases are.
    nonisolated(unsafe) fileprivate static var world: World!
    nonisolated(unsafe) private static var isRegistered = false
    nonisolated(unsafe) private static let system = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    nonisolated(unsafe) fileprivate static let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)

    /// Called before the first database of this world is opened.
    static func use(_ world: World) {
        self.world = world
        if !isRegistered {
            isRegistered = true
            methods.initialize(to: ioMethods)
            system.initialize(to: fileSystem)
            precondition(sqlite3_vfs_register(system, 1) == SQLITE_OK, "SQLite takes no other file system")
        }
        // Its random numbers begin again, from what it is given next.
        sqlite3_randomness(0, nil)
    }

    private static var fileSystem: sqlite3_vfs {
        var system = sqlite3_vfs()
        system.iVersion = 2
        system.szOsFile = Int32(MemoryLayout<OpenedFile>.stride)
        system.mxPathname = 512
        system.zName = UnsafePointer(strdup("simulated"))
        system.xOpen = { SQLiteFileSystem.open($1, $2, $3, $4) }
        system.xDelete = { SQLiteFileSystem.delete($1, syncsFolder: $2 != 0) }
        system.xAccess = { SQLiteFileSystem.access($1, $2, $3) }
        system.xFullPathname = { _, path, size, full in
            guard let path, let full, strlen(path) < Int(size) else { return SQLITE_CANTOPEN }
            strcpy(full, path)
            return SQLITE_OK
        }
        system.xRandomness = { _, count, bytes in
            let world = SQLiteFileSystem.world!
            for index in 0..<Int(count) { bytes?[index] = CChar(truncatingIfNeeded: world.random()) }
            return count
        }
        system.xSleep = { _, microseconds in
            SQLiteFileSystem.world.sleep(nanoseconds: UInt64(max(microseconds, 0)) * 1000)
            return microseconds
        }
        system.xCurrentTime = { _, day in
            day?.pointee = Double(SQLiteFileSystem.julianMilliseconds) / 86_400_000
            return SQLITE_OK
        }
        system.xCurrentTimeInt64 = { _, time in
            time?.pointee = SQLiteFileSystem.julianMilliseconds
            return SQLITE_OK
        }
        return system
    }

    /// Since noon in Greenwich on 24 November 4714 B.C., as SQLite counts.
    private static var julianMilliseconds: Int64 {
        let time = world.realTime
        return 210_866_760_000_000 + Int64(time.seconds) * 1000 + Int64(time.nanoseconds / 1_000_000)
    }

    private static func open(
        _ name: UnsafePointer<CChar>?, _ memory: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
        _ given: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let memory else { return SQLITE_CANTOPEN }
        memory.pointee.pMethods = nil
        guard let file = DatabaseFile(name.map { String(cString: $0) }, flags, in: world) else {
            return SQLITE_CANTOPEN
        }
        UnsafeMutableRawPointer(memory).initializeMemory(
            as: OpenedFile.self, to: OpenedFile(methods: UnsafePointer(methods), file: .passRetained(file)))
        given?.pointee = flags
        return SQLITE_OK
    }

    private static func delete(_ name: UnsafePointer<CChar>?, syncsFolder: Bool) -> Int32 {
        guard let path = name.map({ String(cString: $0) }) else { return SQLITE_IOERR }
        guard world.unlink(path) == 0 else { return SQLITE_IOERR | 23 << 8 }
        if syncsFolder { world.disk.syncFolder(Disk.folder(of: path)) }
        return SQLITE_OK
    }

    /// An empty file is none, but for whoever wants to write it.
    private static func access(
        _ name: UnsafePointer<CChar>?, _ flags: Int32, _ result: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        let inode = name.flatMap { world.disk.entries[String(cString: $0)] }
        let isThere = inode.map { flags != SQLITE_ACCESS_EXISTS || !$0.bytes.isEmpty } ?? false
        result?.pointee = isThere ? 1 : 0
        return SQLITE_OK
    }
}

/// What SQLite has memory for, for each open file.
private struct OpenedFile {
    let methods: UnsafePointer<sqlite3_io_methods>?
    let file: Unmanaged<DatabaseFile>
}

extension SQLiteFileSystem {
    private typealias Memory = UnsafeMutablePointer<sqlite3_file>

    private static func opened(_ memory: Memory?) -> Unmanaged<DatabaseFile> {
        guard let memory else { preconditionFailure("SQLite uses a file that it has not opened") }
        return UnsafeMutableRawPointer(memory).assumingMemoryBound(to: OpenedFile.self).pointee.file
    }

    private static func file(_ memory: Memory?) -> DatabaseFile { opened(memory).takeUnretainedValue() }

    private static var ioMethods: sqlite3_io_methods {
        var methods = sqlite3_io_methods()
        methods.iVersion = 2
        methods.xClose = {
            SQLiteFileSystem.opened($0).takeRetainedValue().close()
            return SQLITE_OK
        }
        methods.xRead = {
            SQLiteFileSystem.file($0).read(UnsafeMutableRawBufferPointer(start: $1, count: Int($2)), at: Int($3))
        }
        methods.xWrite = {
            SQLiteFileSystem.file($0).write(UnsafeRawBufferPointer(start: $1, count: Int($2)), at: Int($3))
        }
        methods.xTruncate = { SQLiteFileSystem.file($0).cut(to: Int($1)) }
        methods.xSync = { memory, _ in SQLiteFileSystem.file(memory).sync() }
        methods.xFileSize = {
            $1?.pointee = Int64(SQLiteFileSystem.file($0).inode.bytes.count)
            return SQLITE_OK
        }
        methods.xLock = { SQLiteFileSystem.file($0).lock($1) }
        methods.xUnlock = { SQLiteFileSystem.file($0).unlock($1) }
        methods.xCheckReservedLock = {
            $1?.pointee = SQLiteFileSystem.file($0).isReserved ? 1 : 0
            return SQLITE_OK
        }
        methods.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        methods.xSectorSize = { _ in 4096 }
        methods.xDeviceCharacteristics = { _ in SQLITE_IOCAP_POWERSAFE_OVERWRITE }
        methods.xShmMap = { memory, index, size, extends, place in
            place?.pointee = SQLiteFileSystem.file(memory).sharedMemory(
                Int(index), size: Int(size), extends: extends != 0)
            return SQLITE_OK
        }
        methods.xShmLock = { SQLiteFileSystem.file($0).lockShared(first: $1, count: $2, flags: $3) }
        methods.xShmBarrier = { _ in }
        methods.xShmUnmap = { memory, _ in
            SQLiteFileSystem.file(memory).leaveSharedMemory()
            return SQLITE_OK
        }
        return methods
    }
}
