import EventLoop
import Glibc
import Migration
import Testing

@testable import Sidecar

/// Real files and a real thread: every step waits for what the watcher says, none for time to pass.
@Suite(.timeLimit(.minutes(1))) struct SwitchFileWatcherTests {
    enum Event: Equatable {
        case delivered(epoch: UInt64)
        case said(String)
    }

    /// A watcher whose callbacks become a stream; reports of success are left out.
    struct Watched {
        let watcher: SwitchFileWatcher
        var events: AsyncStream<Event>.Iterator

        init(_ path: String) throws {
            let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
            let inForce = Locked<SwitchSummary?>(nil)
            watcher = SwitchFileWatcher(
                path: path, migrations: SwitchFileFollowerTests.migrations, left: [.none],
                inForce: { [inForce.withLock { $0 }] },
                deliver: { snapshot in
                    inForce.withLock { $0 = snapshot.summaries[0] }
                    continuation.yield(.delivered(epoch: snapshot.summaries[0]?.epoch ?? 0))
                },
                report: { report in
                    guard "\(report.level)" == "error" else { return }
                    let reason = report.message.split(separator: "): ").last ?? ""
                    continuation.yield(.said(String(reason.split(separator: "in force: ").last ?? "")))
                })
            events = stream.makeAsyncIterator()
            try watcher.start()
        }

        mutating func next() async -> Event? { await events.next() }
    }

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aFileThatIsRenamedIntoPlaceIsSeen() async throws {
        try folder.write(SwitchFileFollowerTests.text(1), to: "s.json")
        var watched = try Watched(folder.path("s.json"))
        defer { watched.watcher.stop() }
        #expect(await watched.next() == .delivered(epoch: 1))
        for epoch in 2...20 {
            try folder.replace("s.json", with: SwitchFileFollowerTests.text(epoch))
            #expect(await watched.next() == .delivered(epoch: UInt64(epoch)))
        }
    }

    @Test func aLinkThatIsSwappedIsSeenAsKubernetesDoesIt() async throws {
        folder.makeFolder("1")
        folder.makeFolder("2")
        try folder.write(SwitchFileFollowerTests.text(1), to: "1/s.json")
        try folder.write(SwitchFileFollowerTests.text(2), to: "2/s.json")
        #expect(symlink("1", folder.path("..data")) == 0)
        #expect(symlink("..data/s.json", folder.path("s.json")) == 0)
        var watched = try Watched(folder.path("s.json"))
        defer { watched.watcher.stop() }
        #expect(await watched.next() == .delivered(epoch: 1))
        #expect(symlink("2", folder.path("..data_tmp")) == 0)
        #expect(rename(folder.path("..data_tmp"), folder.path("..data")) == 0)
        #expect(await watched.next() == .delivered(epoch: 2))
    }

    @Test func deletionBrokenContentAndALowerEpochAreSaidAGoodFileIsTakenAgain() async throws {
        try folder.write(SwitchFileFollowerTests.text(3), to: "s.json")
        var watched = try Watched(folder.path("s.json"))
        defer { watched.watcher.stop() }
        #expect(await watched.next() == .delivered(epoch: 3))
        unlink(folder.path("s.json"))
        #expect(
            await watched.next()
                == .said("the switch file is gone; write it back as it is in force with: switchover init-switches"))
        try folder.replace("s.json", with: "{]")
        #expect(
            await watched.next() == .said("\(folder.path("s.json")):1: not valid JSON: expected a key in double quotes")
        )
        try folder.replace("s.json", with: SwitchFileFollowerTests.text(2))
        #expect(await watched.next() == .said("migration orders: epoch 2 is lower than 3, which is in force; write 4"))
        try folder.replace("s.json", with: SwitchFileFollowerTests.text(4))
        #expect(await watched.next() == .delivered(epoch: 4))
    }

    @Test func theFirstFileMayComeLaterAndItsFolderToo() async throws {
        var watched = try Watched(folder.path("etc/s.json"))
        defer { watched.watcher.stop() }
        #expect(
            await watched.next()
                == .said(
                    "there is no switch file; create it, or write back what was in force last, with: "
                        + "switchover init-switches"
                ))
        folder.makeFolder("etc")
        try folder.replace("etc/s.json", with: SwitchFileFollowerTests.text(1))
        #expect(await watched.next() == .delivered(epoch: 1))
    }

    @Test func itCanBeStoppedTwiceAndStartedAgain() async throws {
        try folder.write(SwitchFileFollowerTests.text(1), to: "s.json")
        var watched = try Watched(folder.path("s.json"))
        #expect(await watched.next() == .delivered(epoch: 1))
        watched.watcher.stop()
        watched.watcher.stop()
        try folder.replace("s.json", with: SwitchFileFollowerTests.text(2))
        try watched.watcher.start()
        #expect(await watched.next() == .delivered(epoch: 2))
        watched.watcher.stop()
    }

    @Test func theKernelTellsOfChangesWithoutATimeout() throws {
        try folder.write("a", to: "s.json")
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var watch = FolderWatch(folder.root)
        #expect(watch.failure == nil)
        let changes: [() throws -> Void] = [
            { try folder.write("b", to: "s.json") }, { try folder.replace("s.json", with: "c") },
            { unlink(folder.path("s.json")) },
        ]
        for change in changes {
            try change()
            // Without an end of time: only an event ends the wait.
            let goesOn = watch.wait(milliseconds: -1, wake: ends[0])
            #expect(goesOn)
        }
        #expect(write(ends[1], "x", 1) == 1)
        let goesOn = watch.wait(milliseconds: -1, wake: ends[0])
        #expect(!goesOn)
    }

    @Test func aFolderThatCannotBeWatchedIsSaid() {
        let watch = FolderWatch(folder.path("none"))
        #expect(watch.failure?.description == "cannot watch \(folder.path("none")): No such file or directory")
    }
}
