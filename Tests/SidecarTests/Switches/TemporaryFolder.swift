import Glibc
import Testing

/// A folder of a test's own, gone when the test is.
final class TemporaryFolder: Sendable {
    let root: String

    init() throws {
        var template = Array("/tmp/switchover-test.XXXXXX".utf8CString)
        root = try #require(
            template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!).map { String(cString: $0) } })
    }

    deinit { remove(folder: root) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    func write(_ bytes: [UInt8], to name: String) throws {
        let file = try #require(fopen(path(name), "w"))
        defer { fclose(file) }
        #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    /// As a careful writer does it: beside its place, then renamed into it.
    func replace(_ name: String, with text: String) throws {
        try write(text, to: "\(name).next")
        #expect(rename(path("\(name).next"), path(name)) == 0)
    }

    func makeFolder(_ name: String) { #expect(mkdir(path(name), 0o755) == 0) }

    func names() -> [String] { Self.names(in: root) }

    private func remove(folder: String) {
        for name in Self.names(in: folder) {
            let path = "\(folder)/\(name)"
            // A link to a folder is no folder.
            if unlink(path) != 0 { remove(folder: path) }
        }
        rmdir(folder)
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
