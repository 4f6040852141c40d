import Glibc
import Migration
import Testing

@testable import Sidecar

@Suite struct SwitchFileWriterTests {
    private func initial(_ path: String, _ migrations: [String]) throws -> InitialSwitches {
        try InitialSwitches(path: path, migrations: migrations, running: [], notMade: [])
    }

    @Test func theFirstFilePutsEveryMigrationAtIdleEpoch1() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        try SwitchFileWriter.create(path, try initial(path, ["orders", "users"]))
        #expect(folder.names() == ["s.json"])
        let bytes = try FileContent.read(path, limit: 1000)
        let (snapshot, warnings) = try SwitchFileReaderTests.read(String(decoding: bytes, as: UTF8.self))
        #expect(snapshot.summaries.map { $0?.epoch } == [1, 1])
        #expect(snapshot.summaries.map { $0?.phase } == [.idle, .idle])
        #expect(warnings.isEmpty)
    }

    @Test func aFileThatIsThereIsNeverTouched() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        try folder.write("mine", to: "s.json")
        let error = #expect(throws: FileFailure.self) {
            try SwitchFileWriter.create(path, try initial(path, ["orders"]))
        }
        #expect(error?.description == "cannot create \(path): File exists")
        #expect(error?.isExisting == true)
        #expect(try FileContent.read(path, limit: 10) == Array("mine".utf8))
        #expect(folder.names() == ["s.json"])
    }

    @Test func aDanglingLinkIsAFileThatIsThere() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        #expect(symlink("nowhere", path) == 0)
        let error = #expect(throws: FileFailure.self) {
            try SwitchFileWriter.create(path, try initial(path, ["orders"]))
        }
        #expect(error?.code == EEXIST)
        #expect(folder.names() == ["s.json"])
    }

    @Test func aFolderThatIsNotThereIsSaid() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("none/s.json")
        let error = #expect(throws: FileFailure.self) {
            try SwitchFileWriter.create(path, try initial(path, ["orders"]))
        }
        #expect(error?.isMissing == true)
    }

    /// Who could read and write the file can do so after a command; who could not cannot.
    @Test(arguments: [0o600, 0o640, 0o660, 0o644, 0o400, 0o666] as [mode_t], [false, true])
    func modeAndGroupStay(mode: mode_t, isLink: Bool) throws {
        let folder = try TemporaryFolder()
        try folder.write("before", to: "real.json")
        #expect(chmod(folder.path("real.json"), mode) == 0)
        if geteuid() == 0 { #expect(chown(folder.path("real.json"), 1234, 5678) == 0) }
        if isLink { #expect(symlink("real.json", folder.path("s.json")) == 0) }
        let name = isLink ? "s.json" : "real.json"
        var before = stat()
        #expect(stat(folder.path(name), &before) == 0)
        try SwitchFileWriter.replacement(of: folder.path(name), with: "after").take()
        var after = stat()
        #expect(stat(folder.path(name), &after) == 0)
        #expect(after.st_mode == before.st_mode)
        #expect((after.st_uid, after.st_gid) == (before.st_uid, before.st_gid))
        #expect(try FileContent.read(folder.path(name), limit: 10) == Array("after".utf8))
        #expect(folder.names() == (isLink ? ["real.json", "s.json"] : ["real.json"]))
    }

    /// A process that is killed amid a change leaves a file that nobody will take; one that runs is about to.
    @Test func whatProcessesLeftIsRemoved() throws {
        let folder = try TemporaryFolder()
        let gone = 0x3fff_fffe  // higher than any number that Linux gives
        let names = [
            "s.json", "s.json.\(gone).tmp", "s.json.\(getpid()).tmp", "s.json.1.tmp", "s.json..tmp", "s.json.x.tmp",
            "other.json.\(gone).tmp", "s.json.\(gone)",
        ]
        for name in names { try folder.write("", to: name) }
        SwitchFileWriter.removeLeftovers(of: folder.path("s.json"))
        let left = names.filter { access(folder.path($0), F_OK) == 0 }
        #expect(left == ["s.json"] + names[3...])
    }
}
