import Foundation

/// The repository's own text files, read once; tests of rules build small trees of their own.
struct SourceTree {
    let files: [SourceFile]
    /// Visible entries at the top, folders and files.
    let topLevel: Set<String>

    static let repository = SourceTree(
        root: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    )

    init(_ texts: [String: String]) {
        files = texts.map { SourceFile(path: $0, text: $1) }.sorted { $0.path < $1.path }
        topLevel = Set(texts.keys.map { String($0.prefix { $0 != "/" }) })
    }

    private init(root: URL) {
        let read = Self.paths(below: root).compactMap { path -> SourceFile? in
            guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else {
                return nil
            }
            return SourceFile(path: path, text: text)
        }
        files = read.sorted { $0.path < $1.path }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        // Package.resolved is written by every build and ignored by git.
        topLevel = Set(entries.filter { !$0.hasPrefix(".") && $0 != "Package.resolved" })
    }

    /// Paths, from the root, of the files to keep tidy: no hidden folder, no cache, only text of known kinds.
    private static func paths(below root: URL) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        var paths: [String] = []
        while let path = walk.nextObject() as? String {
            let name = path.split(separator: "/").last ?? ""
            if name.hasPrefix(".") || name == "__pycache__" {
                walk.skipDescendants()
            } else if isText(name) {
                paths.append(path)
            }
        }
        return paths
    }

    private static func isText(_ name: Substring) -> Bool {
        name == "run" || [".swift", ".py", ".sh", ".proto", ".h", ".c", ".yaml", ".md"].contains { name.hasSuffix($0) }
    }

    var swift: [SourceFile] { files.filter { $0.isSwift && !$0.isGenerated } }

    /// Swift files of the main package's test targets; nested packages such as `Tests/Fuzzing` name theirs freely.
    var tests: [SourceFile] { swift.filter { $0.path.hasPrefix("Tests/") && $0.target?.hasSuffix("Tests") == true } }
}
