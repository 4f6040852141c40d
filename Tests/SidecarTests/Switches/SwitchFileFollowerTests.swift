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
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("s.json")
    }

    func follower() -> SwitchFileFollower {
        SwitchFileFollower(
            path: path, migrations: Self.migrations, onRecord: [nil],
            deliver: { [record] snapshot in record.add("delivered \(snapshot.summaries[0]?.epoch ?? 0)") },
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

    @Test func aFolderInTheFilesPlaceIsBrokenNotMissing() {
        var follower = follower()
        folder.makeFolder("s.json")
        follower.look()
        let prefix = "error: \(path) is not taken, no switches are known and calls are refused (no-switches): "
        #expect(record.take() == [prefix + "cannot read \(path): Is a directory"])
    }
}
