import EventLoop
import Glibc
import Migration
import Synchronization
import Testing

@testable import Sidecar

/// Looks taken by hand, one at a time, so that every step is seen.
@Suite struct SwitchFileFollowerTests {
    /// What a follower said and delivered, in order.
    final class Record: Sendable {
        private let entries = Mutex<[String]>([])

        func add(_ entry: String) { entries.withLock { $0.append(entry) } }

        /// What came since the last time.
        func take() -> [String] {
            entries.withLock { entries in
                defer { entries = [] }
                return entries
            }
        }
    }

    static func text(_ epoch: Int, _ phase: String = "idle", gray: String = "\"none\"") -> String {
        """
        {"version": 1, "migrations": {"orders":
        {"epoch": \(epoch), "phase": "\(phase)", "enrolled": "all", "gray": \(gray)}}}
        """
    }

    static let migrations = [SwitchedMigration(name: "orders", keyForm: nil)]

    let folder: TemporaryFolder
    let record = Record()
    /// What calls are decided by; where a test says nothing, what was delivered last.
    let inForce = Locked<SwitchSummary?>(nil)
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("s.json")
    }

    /// - Parameter lands: whether what is delivered is in force at once.
    func follower(_ before: SwitchesBefore = SwitchesBefore(), lands: Bool = true) -> SwitchFileFollower {
        SwitchFileFollower(
            path: path, migrations: Self.migrations, before: [before],
            inForce: { [inForce] in [inForce.withLock { $0 }] },
            deliver: { [record, inForce] snapshot in
                record.add("delivered \(snapshot.summaries[0]?.epoch ?? 0)")
                if lands { inForce.withLock { $0 = snapshot.summaries[0] } }
            },
            report: { [record] report in record.add("\(report.level): \(report.message)") })
    }

    static func taken(_ path: String, _ words: String) -> String {
        "notice: switches read from \(path): orders \(words)"
    }

    @Test func aChangeIsDeliveredOnceAndWhatIsTheSameIsNotReadAgain() throws {
        var follower = follower()
        try folder.write(Self.text(1), to: "s.json")
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 1 idle"), "delivered 1"])
        follower.look()
        try folder.replace("s.json", with: Self.text(1))
        follower.look()
        #expect(record.take() == [])
        try folder.replace("s.json", with: Self.text(1) + "\n\n")
        follower.look()
        #expect(record.take() == [])
        try folder.replace("s.json", with: Self.text(2, "migrating"))
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 2 migrating"), "delivered 2"])
    }

    @Test func withoutAUsableFileNothingIsDeliveredUntilThereIsOne() throws {
        var follower = follower()
        let prefix = "error: \(path) is not taken, no switches are known and calls are refused (no-switches): "
        follower.look()
        follower.look()
        #expect(
            record.take() == [
                prefix
                    + "there is no switch file; create it, or write back what was in force last, with: "
                    + "switchover init-switches"
            ])
        try folder.write("{", to: "s.json")
        follower.look()
        #expect(record.take() == [prefix + "\(path):1: not valid JSON: expected a key in double quotes"])
        try folder.write(Self.text(5), to: "s.json")
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 5 idle"), "delivered 5"])
    }

    @Test func whatGoesWrongLaterKeepsTheLastGoodSwitchesAndIsSaidOncePerChange() throws {
        var follower = follower()
        let prefix = "error: \(path) is not taken, the last good switches stay in force: "
        try folder.write(Self.text(5), to: "s.json")
        follower.look()
        _ = record.take()
        try folder.replace("s.json", with: Self.text(4))
        follower.look()
        follower.look()
        #expect(record.take() == [prefix + "migration orders: epoch 4 is lower than 5, which is in force; write 6"])
        try folder.replace("s.json", with: Self.text(5, "mirrored"))
        follower.look()
        #expect(record.take() == [prefix + "migration orders: its switches changed, but not its epoch 5; write 6"])
        unlink(path)
        follower.look()
        follower.look()
        #expect(
            record.take() == [
                prefix + "the switch file is gone; write it back as it is in force with: switchover init-switches"
            ])
        try folder.write("", to: "s.json")
        follower.look()
        #expect(record.take() == [prefix + "\(path):1: not valid JSON: the text ends where a value should be"])
        try folder.write(Self.text(5), to: "s.json")
        follower.look()
        follower.look()
        #expect(record.take() == ["notice: \(path) is right again: it says what is in force"])
        try folder.replace("s.json", with: Self.text(6))
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 6 idle"), "delivered 6"])
    }

    @Test func aFileOfKeysIsLookedAtWithTheFileThatNamesIt() throws {
        var follower = follower()
        let gray = #"{"allow_file": "keys"}"#
        try folder.write(Self.text(1, "migrating", gray: gray), to: "s.json")
        follower.look()
        #expect(record.take().count == 1)
        try folder.write("406\n", to: "keys")
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 1 migrating"), "delivered 1"])
        try folder.replace("keys", with: "406\n")
        follower.look()
        #expect(record.take() == [])
        try folder.replace("keys", with: "406\n407\n")
        follower.look()
        follower.look()
        #expect(
            record.take() == [
                "error: \(path) is not taken, the last good switches stay in force: "
                    + "migration orders: its switches changed, but not its epoch 1; write 2"
            ])
        try folder.replace("s.json", with: Self.text(2, "migrating", gray: gray))
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 2 migrating"), "delivered 2"])
    }

    /// Contract, 2: a file goes one rung at a time. What is refused since the rung before is on its way is looked at
    /// again when that has come into force, changed or not; it is said once.
    @Test func whatIsRefusedForWhatIsInForceIsTakenLater() throws {
        var follower = follower(lands: false)
        var reader = SwitchFileReader(path: path, migrations: Self.migrations)
        let summary = { (text: String) in try #require(try reader.read(Array(text.utf8)).summaries[0]) }
        try folder.write(Self.text(1), to: "s.json")
        follower.look()
        let (idle, migrating) = (try summary(Self.text(1)), try summary(Self.text(2, "migrating")))
        inForce.withLock { $0 = idle }
        try folder.replace("s.json", with: Self.text(2, "migrating"))
        follower.look()
        try folder.replace("s.json", with: Self.text(3, "mirrored"))
        _ = record.take()
        follower.look()
        follower.look()
        let said = record.take()
        #expect(said.count == 1 && said[0].contains("Phase idle (epoch 1) is in force until epoch 2 is"))
        inForce.withLock { $0 = migrating }
        follower.look()
        #expect(record.take() == [Self.taken(path, "epoch 3 mirrored"), "delivered 3"])
        // What is wrong whatever is in force is not said again.
        try folder.replace("s.json", with: "{")
        follower.look()
        #expect(record.take().count == 1)
        inForce.withLock { $0 = idle }
        follower.look()
        #expect(record.take() == [])
    }

    // MARK: - After a process that left something

    /// Of switches as the file would say them.
    private func before(_ text: String, isUnsettled: Bool = true, _ audit: AuditEntry?) throws -> SwitchesBefore {
        var reader = SwitchFileReader(path: path, migrations: Self.migrations)
        let summary = try #require(try reader.read(Array(text.utf8)).summaries[0])
        var note = OwnerNote()
        note.inForce["orders"] = .init(epoch: summary.epoch, fingerprint: summary.fingerprint)
        return SwitchesBefore(
            audit: AuditFile.Newest(entry: audit),
            left: LeftSwitches([("s.lock", note)], "orders", isUnsettled: isUnsettled))
    }

    private static func entry(_ text: String) throws -> SwitchEntry {
        try #require(try SwitchDocument(Array(text.utf8), file: "s.json").entry(of: "orders"))
    }

    private static func pending(_ before: String, _ after: String) throws -> AuditEntry {
        AuditEntry(
            time: "", migration: "orders", origin: .command, by: "", reason: "", before: try entry(before),
            after: try entry(after))
    }

    @Test func aChangeThatWasPendingComesAfterWhatWasInForce() throws {
        let (last, next) = (Self.text(4), Self.text(5, "migrating"))
        try folder.write(next, to: "s.json")
        var follower = follower(try before(last, try Self.pending(last, next)))
        follower.look()
        var said = record.take()
        #expect(
            said.removeFirst().contains("epoch 4 was in force") && said.first == Self.taken(path, "epoch 5 migrating"))
        #expect(said.dropFirst() == ["delivered 4", "delivered 5"])
        try folder.replace("s.json", with: Self.text(6, "migrating"))
        follower.look()
        #expect(record.take().last == "delivered 6")
    }

    /// Its switches are not known until the quiet period is over: `SwitchHandover` waits for that.
    @Test func withoutARecordOfItNothingIsInForceFirst() throws {
        try folder.write(Self.text(5, "migrating"), to: "s.json")
        // Another text under the epoch is not what was in force.
        let other = try Self.pending(Self.text(4, gray: "\"all\""), Self.text(5, "migrating"))
        for audit in [nil, other] {
            var follower = follower(try before(Self.text(4), audit))
            follower.look()
            let said = record.take()
            #expect(said.first?.contains("no-switches") == true)
            #expect(said.suffix(2) == ["delivered 0", "delivered 5"])
        }
    }

    /// A folder that cannot be written, a lock file that was removed, or of before the migration had a name.
    @Test func whereNobodyWroteWhatWasInForceKeysBeyondOldWait() throws {
        let unknown = SwitchesBefore(left: LeftSwitches([], "orders", isUnsettled: true))
        for (phase, epochs) in [("idle", ["5"]), ("migrating", ["0", "5"]), ("mirrored", ["0", "5"])] {
            try folder.replace("s.json", with: Self.text(5, phase))
            var follower = follower(unknown)
            follower.look()
            let said = record.take()
            #expect(said.filter { $0.hasPrefix("delivered") } == epochs.map { "delivered \($0)" }, "\(phase)")
            #expect(said.contains { $0.contains("no-switches") } == (epochs.count == 2))
        }
    }

    @Test func whoLeftNothingIsNotWaitedFor() throws {
        let (last, next) = (Self.text(4), Self.text(5, "migrating"))
        try folder.write(next, to: "s.json")
        var follower = follower(try before(last, isUnsettled: false, try Self.pending(last, next)))
        follower.look()
        #expect(record.take().suffix(2) == [Self.taken(path, "epoch 5 migrating"), "delivered 5"])
    }

    /// A switch file that was put back from a copy, one epoch behind a command's change that was in force.
    @Test func aFileOneEpochBackIsRefused() throws {
        let (last, next) = (Self.text(4), Self.text(5, "migrating"))
        try folder.write(last, to: "s.json")
        var follower = follower(try before(next, isUnsettled: false, try Self.pending(last, next)))
        follower.look()
        let said = record.take()
        #expect(said.count == 1 && said[0].contains("epoch 4 is lower than 5, which was in force by s.lock"))
        try folder.replace("s.json", with: next)
        follower.look()
        #expect(record.take().last == "delivered 5")
    }

    /// Contract, 2: every change has a number one higher than the last.
    @Test func otherSwitchesUnderTheEpochThatWasInForceAreRefused() throws {
        try folder.write(Self.text(4), to: "s.json")
        for isUnsettled in [false, true] {
            var follower = follower(try before(Self.text(4, "migrating"), isUnsettled: isUnsettled, nil))
            follower.look()
            let said = record.take()
            #expect(said.count == 1 && said[0].contains("are not those of epoch 4 that were in force by s.lock"))
        }
        var follower = follower(try before(Self.text(4), isUnsettled: false, nil))
        follower.look()
        #expect(record.take().last == "delivered 4")
    }

    @Test func aFolderInTheFilesPlaceIsBrokenNotMissing() {
        var follower = follower()
        folder.makeFolder("s.json")
        follower.look()
        let prefix = "error: \(path) is not taken, no switches are known and calls are refused (no-switches): "
        #expect(record.take() == [prefix + "cannot read \(path): Is a directory"])
    }
}
