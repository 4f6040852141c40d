/// What stands at the top of the repository.
enum Layout {
    static let topLevel: Set<String> = ["Package.swift", "Sources", "Tests", "Protocol", "examples", "README.md"]

    static func faults(in tree: SourceTree) -> [Fault] {
        tree.topLevel.subtracting(topLevel).sorted().map { Fault($0, "does not belong at the top level") }
            + topLevel.subtracting(tree.topLevel).sorted().map { Fault($0, "is missing from the top level") }
    }
}
