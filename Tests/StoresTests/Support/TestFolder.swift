import Foundation
import GRDB

/// A folder of its own for a test's databases, removed with the value.
final class TestFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("stores-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Runs SQL on a database of the folder, which it makes if there is none.
    @discardableResult
    func database(_ name: String = "test.db", _ sql: String) throws -> String {
        let file = path + "/" + name
        let queue = try DatabaseQueue(path: file)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
        return file
    }
}
