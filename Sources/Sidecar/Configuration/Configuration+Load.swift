extension Configuration {
    /// Longest configuration file.
    private static let fileBytesAtMost = 1 << 20

    /// Reads and checks a file, with the command line's options above it.
    package static func load(
        _ path: String, overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws(InvalidFile) -> Configuration {
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(path, limit: fileBytesAtMost)
        } catch {
            let advice = error.isMissing ? "; name the file with --config, or write one with: switchover init" : ""
            throw InvalidFile(Place(file: path, line: nil, path: ""), "cannot be read: \(error.reason)\(advice)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InvalidFile(Place(file: path, line: nil, path: ""), "is not UTF-8 text")
        }
        return try parse(text, file: path, overrides: overrides)
    }

    /// The same for text that is in memory; `file` is its name in messages and the base of relative paths.
    package static func parse(
        _ text: String, file: String, overrides: ConfigurationOverrides = ConfigurationOverrides()
    ) throws(InvalidFile) -> Configuration {
        let root = try YAMLDocument.parse(text, file: file)
        let issues = Issues()
        let value = DocumentValue(node: root, place: Place(file: file, line: root.line, path: ""), issues: issues)
        var draft = ConfigurationReader(folder: FilePath.folder(of: file)).read(value)
        overrides.apply(to: &draft, issues)
        let check = ConfigurationCheck(draft: draft, file: file, issues: issues, document: root)
        guard let configuration = check.configuration() else { throw InvalidFile(issues.errors) }
        return configuration
    }
}
