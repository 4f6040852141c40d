/// Which module each target may import (`architecture.md`, the table of targets).
///
/// The pure targets import nothing that knows a socket, a clock or a file.
enum Walls {
    private static let system: Set<String> = ["Glibc", "Synchronization"]
    private static let edges: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch",
    ]

    static let allowed: [String: Set<String>] = [
        "WireFormat": [],
        "Migration": ["WireFormat"],
        "Compression": ["CZlib"],
        "EventLoop": system.union(["CLinux"]),
        "HTTP2": system.union(["CNghttp2", "WireFormat"]),
        "Stores": system.union([
            "EventLoop", "Migration", "SwitchoverProtocol", "WireFormat", "GRDB", "GRDBSQLite", "SwiftProtobuf",
        ]),
        "SwitchoverProtocol": ["SwiftProtobuf", "Foundation", "FoundationEssentials"],
        "Sidecar": edges.union([
            "CLinux", "Compression", "EventLoop", "HTTP2", "WireFormat", "Migration", "Stores", "SwitchoverProtocol",
            "SwiftProtobuf", "Logging", "Yams",
        ]),
        "SwitchoverClient": edges.union(["EventLoop", "HTTP2", "WireFormat", "SwitchoverProtocol", "SwiftProtobuf"]),
        "switchover": edges.union([
            "Sidecar", "Stores", "SwitchoverClient", "SwitchoverProtocol", "SwiftProtobuf", "ArgumentParser", "Logging",
        ]),
    ]

    static func faults(in file: SourceFile) -> [Fault] {
        guard file.isSource, file.isSwift, let target = file.target else { return [] }
        guard let modules = allowed[target] else {
            return [
                Fault(file.path, "target \(target) has no wall: add it to Walls.allowed and to the decision records")
            ]
        }
        return imports(of: file).filter { !modules.contains($0.module) }
            .map { Fault(file.path, line: $0.line, "\(target) must not import \($0.module)") }
    }

    private static func imports(of file: SourceFile) -> [(module: String, line: Int)] {
        file.codeLines.enumerated().compactMap { index, line in
            let words = line.split { $0 == " " || $0 == "." }.drop { $0.hasPrefix("@") || access.contains($0) }
            guard words.first == "import" else { return nil }
            let module = words.dropFirst().drop { kinds.contains($0) }.first
            return module.map { (String($0), index + 1) }
        }
    }

    private static let access: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
}
