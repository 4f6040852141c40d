import Testing

@Suite struct NamingTests {
    @Test func repositoryIsNamedWell() {
        for fault in Naming.faults(in: .repository) { Issue.record("\(fault)") }
    }

    @Test(arguments: [
        ["Sources/A/Key.swift": "struct Other {}"],
        ["Sources/A/Key+Hash.swift": "extension Other {}"],
        ["Sources/A/Common/Key.swift": "struct Key {}"],
        ["Sources/A/Utils/Key.swift": "struct Key {}"],
        ["Sources/A/KeyManager.swift": "final class KeyManager {}"],
        ["Sources/A/Key.swift": "struct Key {}\nenum KeyHelpers {}"],
        ["Sources/A/Key.swift": "struct Key { let primaryStore = 1 }"],
        ["Sources/A/Key.swift": "struct Key { func writeDownstream() {} }"],
        ["Tests/ATests/KeyTests.swift": "@Test func key() {}"],
        ["Sources/A/Key.swift": "struct Key {}", "Tests/ATests/Keys.swift": "enum Keys { @Test func key() {} }"],
    ])
    func fires(texts: [String: String]) {
        #expect(Naming.faults(in: SourceTree(texts)).count == 1)
    }

    @Test(arguments: [
        ["Sources/A/Key.swift": "package struct Key: ~Copyable {}"],
        ["Sources/A/Key.swift": "extension Store {\n    struct Key {}\n}"],
        ["Sources/A/Key+Hash.swift": "package extension Store.Key {}"],
        ["Sources/A/main.swift": "run()"],
        ["Sources/A/Empty.swift": "// nothing yet"],
        ["Sources/A/Key.swift": "enum Base64Key {}\nenum Key {} // was the primary key"],
        ["Sources/A/Key.swift": "struct Key {}", "Tests/ATests/KeyTests.swift": "@Test func key() {}"],
        ["Sources/A/Key.swift": "struct Key {}", "Tests/ATests/Key+HashTests.swift": "@Test func key() {}"],
        ["Tests/Fuzzing/Sources/Fuzz/ScanTests.swift": "struct Anything {}"],
    ])
    func letsOthersPass(texts: [String: String]) {
        #expect(Naming.faults(in: SourceTree(texts)) == [])
    }

    @Test func splitsCamelCase() {
        #expect(Naming.camelWords(of: "HTTPHeaderBase64") == ["http", "header", "base64"])
        #expect(Naming.camelWords(of: "database") == ["database"])
    }
}
