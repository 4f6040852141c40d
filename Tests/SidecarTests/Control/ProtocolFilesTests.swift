import Foundation
import SwitchoverProtocol
import Testing

@testable import Sidecar

@Suite struct ProtocolFilesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
        path: "../../../Protocol")

    /// Fails when a .proto file was changed and `Protocol/generate` not run. (`Protocol/generate --check` compares everything.)
    @Test func generatedSourcesAreOfThePresentFiles() throws {
        for file in ProtocolFiles.all {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in try Data(contentsOf: Self.root.appending(path: file.name)) {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
            #expect(hash == file.sourceHash, "\(file.name) has changed: run Protocol/generate")
        }
    }

    @Test func everyProtoFileIsServed() throws {
        let paths = try #require(FileManager.default.subpaths(atPath: Self.root.path))
        #expect(paths.filter { $0.hasSuffix(".proto") }.sorted() == ProtocolFiles.all.map(\.name))
    }
}
