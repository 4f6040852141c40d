import Glibc
import Migration
import Testing

@testable import Sidecar

@Suite struct SwitchFileWriterTests {
    @Test func theFirstFilePutsEveryMigrationAtIdleEpoch1() throws {
        let folder = try TemporaryFolder()
        let epochs = try SwitchFileWriter.createInitial(folder.path("s.json"), migrations: ["orders", "users"])
        #expect(epochs == [1, 1])
        #expect(folder.names() == ["s.json"])
        let bytes = try FileContent.read(folder.path("s.json"), limit: 1000)
        let (snapshot, warnings) = try SwitchFileReaderTests.read(String(decoding: bytes, as: UTF8.self))
        #expect(snapshot.summaries.map { $0?.epoch } == [1, 1])
        #expect(snapshot.summaries.map { $0?.phase } == [.idle, .idle])
        #expect(warnings.isEmpty)
    }

    @Test func epochsGoOnWhereTheAuditFileEnds() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("s.json")
        try AuditFile(switchFile: path).append(AuditFileTests.entry("users", epoch: 6, origin: .file))
        #expect(try SwitchFileWriter.createInitial(path, migrations: ["orders", "users"]) == [1, 7])
    }

    @Test func aFileThatIsThereIsNeverTouched() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine", to: "s.json")
        let error = #expect(throws: FileFailure.self) {
            try SwitchFileWriter.createInitial(folder.path("s.json"), migrations: ["orders"])
        }
        #expect(error?.description == "cannot create \(folder.path("s.json")): File exists")
        #expect(error?.isExisting == true)
        #expect(try FileContent.read(folder.path("s.json"), limit: 10) == Array("mine".utf8))
        #expect(folder.names() == ["s.json"])
    }

    @Test func aDanglingLinkIsAFileThatIsThere() throws {
        let folder = try TemporaryFolder()
        #expect(symlink("nowhere", folder.path("s.json")) == 0)
        let error = #expect(throws: FileFailure.self) {
            try SwitchFileWriter.createInitial(folder.path("s.json"), migrations: ["orders"])
        }
        #expect(error?.code == EEXIST)
        #expect(folder.names() == ["s.json"])
    }

    @Test func aFolderThatIsNotThereIsSaid() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: FileFailure.self) {
            try SwitchFileWriter.createInitial(folder.path("none/s.json"), migrations: ["orders"])
        }
        #expect(error?.isMissing == true)
    }
}
