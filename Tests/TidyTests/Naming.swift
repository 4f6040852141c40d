/// Names of files, folders and types, and the contract's words.
enum Naming {
    private static let roleless: Set<String> = [
        "common", "core", "util", "utils", "helper", "helpers", "manager", "managers", "base", "impl",
    ]

    private static let synonyms: Set<String> = ["downstream", "primary", "secondary", "legacy"]

    static func faults(in tree: SourceTree) -> [Fault] {
        tree.swift.flatMap { fileName($0) + folderNames($0) + typeNames($0) + words($0) }
            + tree.tests.flatMap { testName($0, in: tree) }
    }

    /// `X.swift` declares X (or extends it); `X+Topic.swift` extends X.
    private static func fileName(_ file: SourceFile) -> [Fault] {
        guard file.isSource || file.target?.hasSuffix("Tests") == true, !isTest(file), file.name != "main.swift",
            declares(file)
        else { return [] }
        let stem = file.name.dropLast(".swift".count)
        let type = stem.prefix { $0 != "+" }
        let types = typesNamed(in: file)
        // Tests may keep functions and extensions in a file of another name.
        if types.isEmpty, !file.isSource { return [] }
        let names = types + (stem.contains("+") ? extended(in: file) : [])
        guard !names.contains(String(type)) else { return [] }
        return [Fault(file.path, "declares no \(type): name the file after its main type")]
    }

    /// The test of `X.swift` is `XTests.swift`, that of `X+Topic.swift` may be `X+TopicTests.swift`.
    private static func testName(_ file: SourceFile, in tree: SourceTree) -> [Fault] {
        guard let target = file.target else { return [] }
        guard isTest(file) else {
            guard file.codeLines.contains(where: { $0.contains("@Test") }) else { return [] }
            return [Fault(file.path, "has tests: name it after the file it tests, as XTests.swift")]
        }
        let stem = file.name.dropLast("Tests.swift".count)
        let subject = stem.prefix { $0 != "+" }
        let folders = ["Sources/\(target.dropLast("Tests".count))/", "Tests/\(target)/"]
        let exists = tree.swift.contains { candidate in
            candidate.name == "\(subject).swift" && folders.contains { candidate.path.hasPrefix($0) }
        }
        guard !exists else { return [] }
        return [Fault(file.path, "tests \(subject).swift, which \(target.dropLast("Tests".count)) does not have")]
    }

    private static func folderNames(_ file: SourceFile) -> [Fault] {
        file.components.dropLast().filter { roleless.contains($0.lowercased()) }
            .map { Fault(file.path, "folder \($0) says no role") }
    }

    private static func typeNames(_ file: SourceFile) -> [Fault] {
        typesNamed(in: file).filter { !roleless.isDisjoint(with: camelWords(of: $0)) }
            .map { Fault(file.path, "type \($0): name its role") }
    }

    /// The contract says client, old, new, authority, follower; these words are others' synonyms.
    private static func words(_ file: SourceFile) -> [Fault] {
        guard !file.path.hasPrefix("Tests/TidyTests/") else { return [] }
        return file.codeLines.indices.filter { !synonyms.isDisjoint(with: contractWords(in: file.codeLines[$0])) }
            .map { Fault(file.path, line: $0 + 1, "not a word of the contract (Protocol/semantics.md, section 1)") }
    }

    /// Words of the line's longer identifiers.
    private static func contractWords(in line: Substring) -> Set<String> {
        let candidates = Words.identifiers(in: line).filter { $0.utf8.count > 5 }
        return candidates.reduce(into: []) { $0.formUnion(camelWords(of: String($1))) }
    }

    private static func isTest(_ file: SourceFile) -> Bool {
        file.path.hasPrefix("Tests/") && file.name.hasSuffix("Tests.swift")
    }

    private static func declares(_ file: SourceFile) -> Bool {
        file.codeLines.contains { $0.contains(/\S/) }
    }

    private static let typeKeywords: Set<Substring> = ["struct", "class", "enum", "protocol", "actor", "typealias"]

    private static func typesNamed(in file: SourceFile) -> [String] {
        file.codeLines.compactMap { line in
            let words = Words.identifiers(in: line)
            guard let keyword = words.firstIndex(where: typeKeywords.contains), keyword + 1 < words.count else {
                return nil
            }
            return String(words[keyword + 1])
        }
    }

    /// Last components of the names after `extension`; a pointer's extension is its pointee's.
    private static func extended(in file: SourceFile) -> [String] {
        file.codeLines.compactMap { line in
            let words = line.split { $0 == " " || $0 == ":" || $0 == "{" }
            guard let keyword = words.firstIndex(of: "extension"), keyword + 1 < words.count else { return nil }
            let name = words[keyword + 1].split(separator: ".").last.map(String.init) ?? ""
            if let pointee = name.wholeMatch(of: /UnsafeMutablePointer<(\w+)>/) { return String(pointee.1) }
            return name.hasSuffix("Pointer") ? String(name.dropLast("Pointer".count)) : name
        }
    }

    /// Words of a camel-case name in lower case: `HTTPHeaderBase64` gives http, header, base64.
    static func camelWords(of name: String) -> Set<String> {
        let letters = Array(name)
        var words: Set<String> = []
        var word = ""
        for (index, letter) in letters.enumerated() {
            let next = index + 1 < letters.count ? letters[index + 1] : "_"
            let begins = letter.isUppercase && (word.last?.isUppercase == false || next.isLowercase)
            if begins || letter == "_" {
                words.insert(word.lowercased())
                word = ""
            }
            if letter != "_" { word.append(letter) }
        }
        return words.union([word.lowercased()]).subtracting([""])
    }
}
