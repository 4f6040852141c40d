import ArgumentParser
import Sidecar
import Stores

/// What the shell may be told while a command is typed: names out of the configuration that the line names, or of
/// `switchover.yaml`. A configuration that cannot be read has none.
enum Completions {
    static let configurations = CompletionKind.file(extensions: ["yaml", "yml", "json"])

    static let migrations = CompletionKind.custom { words, _, _ in
        configuration(words)?.migrations.map(\.name) ?? []
    }

    static let entities = CompletionKind.custom { words, _, _ in
        configuration(words)?.migrations.compactMap { $0.records?.entity.name } ?? []
    }

    private static func configuration(_ words: [String]) -> Configuration? {
        let option = words.firstIndex(of: "--config").map { words.index(after: $0) }
        let file = option.flatMap { words.indices.contains($0) ? words[$0] : nil } ?? "switchover.yaml"
        return try? Configuration.load(file)
    }
}
