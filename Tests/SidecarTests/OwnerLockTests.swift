import EventLoop
import Glibc
import Testing

@testable import Sidecar

@Suite struct OwnerLockTests {
    private func isTaken(_ path: String) -> OwnerLock.Owner? {
        for place in OwnerLock.places(of: path) {
            if case .taken(let owner) = OwnerLock.take(place, control: "/elsewhere.sock") { return owner }
        }
        return nil
    }

    private func take(_ path: String) -> [OwnerLock] {
        OwnerLock.places(of: path).compactMap {
            if case .held(let lock) = OwnerLock.take($0, control: "/run/a.sock") { lock } else { nil }
        }
    }

    @Test func theSecondIsToldWhoTheFirstIs() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "old.db")
        var locks = take(folder.path("old.db"))
        #expect(locks.count == 1)
        #expect(isTaken(folder.path("old.db")) == OwnerLock.Owner(process: getpid(), control: "/run/a.sock"))
        #expect(isTaken(folder.path("new.db")) == nil)
        // A lock that nobody holds is no lock, though its file is there: after a crash nothing is to be cleaned up.
        locks = []
        #expect(isTaken(folder.path("old.db")) == nil)
        locks = take(folder.path("old.db"))
        #expect(locks.count == 1)
    }

    /// The number of a process in another container is one of somebody else here.
    @Test func aProcessOfAnotherContainerIsNotToBeKilledByItsNumber() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        let locks = take(path)
        #expect(isTaken(path)?.advice == "Stop that one first (kill \(getpid()))")
        for lock in locks { try lock.note { $0.namespace = "pid:[1]" } }
        let owner = try #require(isTaken(path))
        #expect(!owner.advice.contains("kill") && owner.sentence.contains("of another container"))
    }

    /// Contract, 2: what a process before may have sent counts until its quiet period is over. Only a process that says
    /// that it has left nothing, or one that never took a call, is followed by one that begins without.
    @Test func whoWasThereBeforeMayHaveLeftSomething() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "old.db")
        func visit(_ note: Bool?) -> [Bool] {
            let locks = take(folder.path("old.db"))
            if let note { for lock in locks { try? lock.note { $0.isUnsettled = note } } }
            return locks.map(\.left.isUnsettled)
        }
        #expect(visit(nil) == [false])
        #expect(visit(true) == [false], "it never took a call")
        #expect(visit(nil) == [true], "it took calls, and ended without a word")
        #expect(visit(true) == [true], "it took no calls: what was left is left")
        #expect(visit(false) == [true])
        #expect(visit(nil) == [false])
    }

    /// It stays through owners that say nothing of it, and nobody needs the lock to read it.
    @Test func whatWasInForceIsKept() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        #expect(LeftSwitches(switchFile: path, "orders") == .none)
        var locks = take(path)
        for lock in locks { try lock.note { $0.inForce["orders"] = .init(epoch: 7, fingerprint: 9) } }
        locks = []
        locks = take(path)
        #expect(locks.map(\.left.inForce) == [["orders": .init(epoch: 7, fingerprint: 9)]])
        for lock in locks { try lock.note { $0.isUnsettled = true } }
        let read = LeftSwitches(switchFile: path, "orders")
        #expect(read.inForce?.epoch == 7 && read.source == folder.path("s.json" + OwnerLock.ending))
    }

    /// Contract, 2: a start is followed by a quiet period unless the process before has *said* that it left nothing.
    @Test func whereNobodySaysWhatIsLeftSomethingMayBe() throws {
        let folder = try TemporaryFolder()
        func left(_ name: String, hadOwner: Bool) -> Bool? {
            let place = folder.path(name)
            guard case .held(let lock) = OwnerLock.take(place, control: "", hadOwner: hadOwner) else { return nil }
            return lock.left.isUnsettled
        }
        #expect(left("new", hadOwner: false) == false, "nobody has been here")
        #expect(left("new", hadOwner: true) == false, "it took no call, and its note says so")
        #expect(left("removed", hadOwner: true) == true)
        #expect(left("removed", hadOwner: true) == true, "who took no call leaves the word as it was")
        try folder.write("", to: "emptied")
        #expect(left("emptied", hadOwner: false) == true, "somebody made it, and could not write")
    }

    /// What a process cannot keep up to date it does not go by: it may be years old, and so may "nothing is left" be.
    @Test func aLockThatCannotBeWrittenStandsForTheWorst() throws {
        guard case .held(let lock) = OwnerLock.take("/dev/full", control: "") else {
            Issue.record("no lock at all")
            return
        }
        var worst = OwnerNote()
        worst.isUnsettled = true
        #expect(lock.left == worst)
        #expect(lock.unwritten?.code == ENOSPC)
        #expect(throws: FileFailure.self) { try lock.note { $0.isUnsettled.toggle() } }
    }

    /// Contract, 2, and decision 0033: what the next owner reads may be nothing, but never that an older epoch was the
    /// last, or that nothing was left.
    @Test func whatCannotBeWrittenLeavesNoOlderWord() throws {
        let folder = try TemporaryFolder()
        let place = folder.path("s.json" + OwnerLock.ending)
        let fails = Locked(false)
        let write: OwnerLock.Write = { note, descriptor, path throws(FileFailure) in
            if fails.withLock({ $0 }) { throw FileFailure("write", path, code: EIO) }
            try note.write(descriptor, path)
        }
        guard case .held(let lock) = OwnerLock.take(place, control: "", write: write) else {
            Issue.record("no lock")
            return
        }
        func note(_ epoch: UInt64) throws {
            try lock.note { $0.inForce["orders"] = .init(epoch: epoch, fingerprint: 9) }
        }
        func left() -> OwnerNote? { OwnerLock.note(of: place) }
        try note(4)
        fails.withLock { $0 = true }
        #expect(throws: FileFailure.self) { try note(5) }
        #expect(left()?.inForce == [:] && left()?.process == nil, "nobody has written what was in force")
        fails.withLock { $0 = false }
        try lock.note { $0.isUnsettled = true }
        #expect(left()?.inForce["orders"]?.epoch == 5, "written with the next word")
        fails.withLock { $0 = true }
        #expect(throws: FileFailure.self) { try lock.note { $0.isUnsettled = false } }
        #expect(left()?.isUnsettled == true && left()?.inForce["orders"]?.epoch == 5, "that stays true")
        fails.withLock { $0 = false }
        try note(5)
        #expect(left()?.isUnsettled == false, "what could not be written is, though nothing has changed")
        fails.withLock { $0 = true }
        #expect(throws: FileFailure.self) { try lock.note { $0.isUnsettled = true } }
        #expect(left()?.process == nil)
    }

    /// Its owner goes by nothing of it, and may change what it says without a word.
    @Test func aTextThatCannotBeReplacedAtTheStartIsErased() throws {
        let folder = try TemporaryFolder()
        let place = folder.path("s.json" + OwnerLock.ending)
        try folder.write("1\nnone\nin-force orders 4 9\nend\n", to: "s.json" + OwnerLock.ending)
        let lock = OwnerLock.take(place, control: "") { _, _, path throws(FileFailure) in
            throw FileFailure("write", path, code: EIO)
        }
        guard case .held = lock else {
            Issue.record("no lock")
            return
        }
        #expect(OwnerLock.note(of: place) == OwnerNote())
    }

    /// A disk may be full by the time: what a process has to say of itself later has its room from the start.
    @Test func theNoteGrowsInTheRoomThatItHas() throws {
        let folder = try TemporaryFolder()
        func size() -> off_t {
            var status = stat()
            stat(folder.path("s.json" + OwnerLock.ending), &status)
            return status.st_size
        }
        let locks = take(folder.path("s.json"))
        let before = size()
        for lock in locks {
            try lock.note {
                $0.isUnsettled = true
                $0.inForce["orders"] = .init(epoch: .max, fingerprint: .max)
            }
        }
        #expect(before > 0 && size() == before)
        let note = OwnerLock.note(of: folder.path("s.json" + OwnerLock.ending))
        #expect(note?.isUnsettled == true && note?.process == getpid())
    }

    /// By whatever way: a link to the file, a link to the folder, dots in the path.
    @Test func linksLeadToTheSameLock() throws {
        let folder = try TemporaryFolder()
        folder.makeFolder("data")
        folder.makeFolder("other")
        try folder.write("", to: "data/old.db")
        #expect(symlink("../data/old.db", folder.path("other/link.db")) == 0)
        #expect(symlink("data", folder.path("linked")) == 0)
        let paths = ["data/old.db", "other/link.db", "linked/old.db", "other/../data/./old.db"].map(folder.path)
        for first in paths {
            let locks = take(first)
            #expect(!locks.isEmpty)
            for second in paths { #expect(isTaken(second) != nil, "\(first) and \(second)") }
            withExtendedLifetime(locks) {}
        }
    }

    /// The file that is replaced or not there yet has the place that it will have.
    @Test func aFileThatIsNotThereYetIsLockedToo() throws {
        let folder = try TemporaryFolder()
        let locks = take(folder.path("switches.json"))
        #expect(locks.count == 1)
        try folder.write("{}", to: "switches.json")
        #expect(isTaken(folder.path("switches.json")) != nil)
        withExtendedLifetime(locks) {}
    }

    @Test func whatCannotBeLockedIsSaid() throws {
        let folder = try TemporaryFolder()
        folder.makeFolder("old.db" + OwnerLock.ending)
        guard case .impossible = OwnerLock.take(folder.path("old.db" + OwnerLock.ending), control: "") else {
            Issue.record("a folder is no lock file")
            return
        }
        #expect(symlink("/etc/passwd", folder.path("new.db" + OwnerLock.ending)) == 0)
        guard case .impossible = OwnerLock.take(folder.path("new.db" + OwnerLock.ending), control: "") else {
            Issue.record("a link is not followed")
            return
        }
        guard case .noFolder = OwnerLock.take(folder.path("none/x"), control: "") else {
            Issue.record("there is no such folder")
            return
        }
    }
}
