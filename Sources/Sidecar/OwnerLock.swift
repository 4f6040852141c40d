import EventLoop
import Glibc

/// Says that this process alone works with a file, by a lock on another file beside it. The kernel gives the lock back
/// when the process ends, however it ends; the file stays and is nobody's then. It keeps an `OwnerNote` for the next
/// owner.
///
/// Two sidecars on one switch file or one database would each hold lanes of their own: their writes to one record would
/// mix, and the one would not wait for the other's change of the switches.
final class OwnerLock {
    /// Who has the lock, as it wrote down itself.
    struct Owner: Equatable {
        /// Nil where it has not written yet.
        let process: Int32?
        let control: String
        /// Its number is one of another container, or of the machine outside of this one's.
        var isElsewhere = false

        var sentence: String {
            guard let process else { return "another sidecar" }
            let place = isElsewhere ? " of another container" : ""
            return "another sidecar (process \(process)\(place), control socket \(control))"
        }

        /// How to end it.
        var advice: String {
            guard let process else { return "Stop that one first" }
            return isElsewhere ? "Stop that one's container first" : "Stop that one first (kill \(process))"
        }
    }

    enum Outcome {
        case held(OwnerLock)
        case taken(Owner)
        /// No lock can be made there: a folder that cannot be written, a file system without locks.
        case impossible(FileFailure)
        /// There is no folder to lock in; whoever opens the file says so better.
        case noFolder
    }

    static let ending = ".switchover-lock"

    /// Writes a note to a descriptor; the path is for the failure.
    typealias Write = @Sendable (OwnerNote, Int32, String) throws(FileFailure) -> Void

    private struct Kept {
        var note: OwnerNote
        /// The file says it.
        var isWritten: Bool
    }

    private let descriptor: Int32
    let path: String
    private let write: Write
    private let state: Locked<Kept>
    /// What owners before left. Where this one cannot write down what follows, nothing but that something may be on its
    /// way: the note would be out of date later.
    let left: OwnerNote
    /// Why it cannot.
    let unwritten: FileFailure?

    /// - Parameter isUnsettled: what a note stands for that is not there: nobody knows what the owner before has left.
    private init(descriptor: Int32, path: String, control: String, isUnsettled: Bool, write: @escaping Write) {
        self.descriptor = descriptor
        self.path = path
        self.write = write
        var note = OwnerNote.read(descriptor)
        if note.process == nil, isUnsettled { note.isUnsettled = true }
        note.process = Kernel.processID
        note.control = control
        note.namespace = OwnerNote.ownNamespace
        var nothing = OwnerNote()
        nothing.isUnsettled = true
        do throws(FileFailure) {
            try write(note, descriptor, path)
            (left, unwritten) = (note, nil)
        } catch {
            (left, unwritten) = (nothing, error)
            // The next owner may be able to read it again, and it is out of date then.
            OwnerNote.erase(descriptor)
        }
        state = Locked(Kept(note: note, isWritten: unwritten == nil))
    }

    /// Changes what the next owner reads. From any thread.
    ///
    /// Where that cannot be written, a text that would be wrong from now on is erased: a note that says too little, or
    /// that an older epoch was the last, is worse than none. The next change is written with this one.
    func note(_ change: (inout OwnerNote) -> Void) throws(FileFailure) {
        let result: Result<Void, FileFailure> = state.withLock { kept in
            let before = kept.note
            change(&kept.note)
            guard kept.note != before || !kept.isWritten else { return .success(()) }
            do throws(FileFailure) {
                try write(kept.note, descriptor, path)
                kept.isWritten = true
                return .success(())
            } catch {
                kept.isWritten = false
                let saysTooLittle = kept.note.isUnsettled && !before.isUnsettled
                if saysTooLittle || kept.note.inForce != before.inForce { OwnerNote.erase(descriptor) }
                return .failure(error)
            }
        }
        try result.get()
    }

    deinit { Kernel.close(descriptor) }

    /// The files whose lock says who owns `path`: where it is, and where it leads when it is a link or in a folder that
    /// is one.
    static func places(of path: String) -> [String] {
        let folder = FilePath.folder(of: path).isEmpty ? "." : FilePath.folder(of: path)
        var places: [String] = []
        if let resolved = resolved(folder) {
            places.append(FilePath.resolve(FilePath.lastPart(of: path), in: resolved))
        }
        if let resolved = resolved(path), !places.contains(resolved) { places.append(resolved) }
        return places.map { $0 + ending }
    }

    private static func resolved(_ path: String) -> String? {
        Kernel.realPath(path)
    }

    /// - Parameters:
    ///   - control: this process's control socket, for whoever finds the lock taken.
    ///   - hadOwner: whether there was an owner before, as other files tell. A lock file that is empty or missing then
    ///     stands for one that has left something on its way; an empty one does in any case.
    static func take(
        _ place: String, control: String, hadOwner: Bool = false,
        write: @escaping Write = { note, descriptor, path throws(FileFailure) in try note.write(descriptor, path) }
    ) -> Outcome {
        var isThere = true
        var descriptor = Kernel.open(place, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT {
            isThere = false
            descriptor = Kernel.open(place, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
        }
        // Another user's lock can be asked for all the same.
        if descriptor < 0, errno == EACCES {
            descriptor = Kernel.open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        }
        guard descriptor >= 0 else {
            return errno == ENOENT ? .noFolder : .impossible(FileFailure("create", place, code: errno))
        }
        while Kernel.lock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            defer { Kernel.close(descriptor) }
            guard errno == EWOULDBLOCK else { return .impossible(FileFailure("lock", place, code: errno)) }
            return .taken(owner(descriptor))
        }
        return .held(
            OwnerLock(
                descriptor: descriptor, path: place, control: control, isUnsettled: isThere || hadOwner, write: write))
    }

    /// What a lock file says, whoever has the lock; nil where there is none.
    static func note(of place: String) -> OwnerNote? {
        let descriptor = Kernel.open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { Kernel.close(descriptor) }
        return OwnerNote.read(descriptor)
    }

    /// Who works with a file at the moment; nil where nobody does, or where there are no locks.
    static func owner(of path: String) -> Owner? {
        for place in places(of: path) {
            let descriptor = Kernel.open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            defer { Kernel.close(descriptor) }
            if Kernel.lock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK { return owner(descriptor) }
        }
        return nil
    }

    private static func owner(_ descriptor: Int32) -> Owner {
        let note = OwnerNote.read(descriptor)
        return Owner(
            process: note.process, control: note.control ?? "unknown",
            isElsewhere: note.namespace != nil && note.namespace != OwnerNote.ownNamespace)
    }
}

/// All that a sidecar must have to itself: its switch file and its databases.
struct OwnedFiles {
    struct Taken: Error, CustomStringConvertible {
        let description: String
    }

    private var locks: [OwnerLock] = []
    private var switchLocks: [OwnerLock] = []
    /// Whether the last sidecar on these files may have left a write on its way.
    var wereLeftUnsettled: Bool { cannotTell || locks.contains { $0.left.isUnsettled } }
    /// The switch file has no lock file that would say so.
    private var cannotTell = false
    /// What could not be locked, and what follows from that; sentences for the log.
    private(set) var warnings: [String] = []

    /// Fails where another sidecar has one of them.
    init(_ configuration: Configuration) throws(Taken) {
        let control = Self.absolute(configuration.control)
        let hadOwner = Self.hadOwner(configuration)
        var places: Set<String> = []
        let files = [(configuration.switches, "switch file")] + configuration.databases.map { ($0.path, "database") }
        for (path, kind) in files {
            // Without the file, whoever opens it says so; a switch file may still come.
            guard kind == "switch file" || Kernel.isAccessible(path) else { continue }
            var failure: FileFailure?
            var isLocked = false
            for place in OwnerLock.places(of: path) {
                if !places.insert(place).inserted {
                    isLocked = true
                    continue
                }
                switch OwnerLock.take(place, control: control, hadOwner: hadOwner) {
                case .held(let lock):
                    locks.append(lock)
                    if let failure = lock.unwritten { warnings.append("\(failure): \(Self.unwritten)") }
                    isLocked = true
                    if kind == "switch file" { switchLocks.append(lock) }
                case .taken(let owner):
                    throw Taken(
                        description: """
                            the \(kind) \(path) is used by \(owner.sentence); two sidecars on one \(kind) would \
                            mix their writes. \(owner.advice), or give this one files of its own
                            """)
                case .impossible(let error): failure = error
                case .noFolder: break
                }
            }
            guard let failure, !isLocked else { continue }
            if kind == "switch file" { cannotTell = true }
            warnings.append(
                "\(failure): a second sidecar on the \(kind) \(path) would not be noticed; see to it that there is "
                    + "none, or let the sidecar write into that folder"
                    + (kind == "switch file" ? ". \(Self.unwritten)" : ""))
        }
    }

    private static let unwritten =
        "What a sidecar leaves on its way cannot be written down there: each start counts as one after a crash. Until "
        + "settle_after (30s by default) after it, the first change that takes keys from old waits, and calls of a "
        + "migration with keys beyond old are refused (no-switches)"

    /// Whether a sidecar has worked with these switches before, as far as other files than the lock file tell.
    private static func hadOwner(_ configuration: Configuration) -> Bool {
        let path = configuration.switches
        if Kernel.isAccessible(AuditFile(switchFile: path).path) { return true }
        guard let bytes = try? FileContent.read(path, limit: SwitchFileReader.fileBytesAtMost),
            let document = try? SwitchDocument(bytes, file: path)
        else { return false }
        return configuration.migrations.contains { (document.entry(of: $0.name)?.epoch ?? 0) > 1 }
    }

    /// Writes down whether something that this process has sent may take effect after its end.
    ///
    /// - Returns: what could not be written. The next one takes that for the worst.
    func note(isUnsettled: Bool) -> [FileFailure] {
        locks.note { $0.isUnsettled = isUnsettled }
    }

    /// Writes down what is in force from now on; on the disk when this returns.
    ///
    /// - Returns: what could not be written, and says nothing of the migration then.
    func note(inForce: OwnerNote.InForce, of migration: String) -> [FileFailure] {
        switchLocks.note { $0.inForce[migration] = inForce }
    }

    /// What sidecars before left of a migration's switches.
    func left(of migration: String) -> LeftSwitches {
        LeftSwitches(switchLocks.map { ($0.path, $0.left) }, migration, isUnsettled: wereLeftUnsettled)
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = Kernel.realPath(".") else { return path }
        return FilePath.resolve(path, in: folder)
    }
}

extension [OwnerLock] {
    /// In all of them, though one may fail.
    fileprivate func note(_ change: (inout OwnerNote) -> Void) -> [FileFailure] {
        compactMap { lock in
            do throws(FileFailure) {
                try lock.note(change)
                return nil
            } catch {
                return error
            }
        }
    }
}
