import Migration

/// What the reader of the switch file must know of a migration.
package struct SwitchedMigration: Sendable {
    package let name: String
    package let keyForm: GrayKeyForm

    /// Without a declared gray key, keys are taken as texts: no call has one, so that only `all` and `none` make a
    /// difference.
    package init(name: String, keyForm: GrayKeyForm?) {
        self.name = name
        self.keyForm = keyForm ?? GrayKeyForm(components: [.text])
    }
}

extension Configuration {
    /// The migrations as the switch file names them.
    package var switchedMigrations: [SwitchedMigration] {
        migrations.map { SwitchedMigration(name: $0.name, keyForm: $0.keyForm) }
    }
}

/// Reads a switch file's text into a snapshot (`Protocol/switch-file.md`). Building a list of a million keys takes a
/// moment, so this never runs on a loop.
struct SwitchFileReader {
    struct ListFile: Equatable {
        let path: String
        /// As it was before the file was read; nil when there was none.
        let stamp: FileStamp?
    }

    /// Longest switch file; longer lists stand in files of their own.
    static let fileBytesAtMost = 64 << 20
    private static let version: UInt64 = 1

    /// The file's path, as people know it.
    let path: String
    let migrations: [SwitchedMigration]
    /// The files of keys that the last reading named, whether they could be read or not.
    private(set) var lists: [ListFile] = []
    /// What is allowed but doubtful in the last reading.
    private(set) var warnings: [Diagnostic] = []
    private let cache: KeyListCache

    init(path: String, migrations: [SwitchedMigration], cache: KeyListCache = KeyListCache()) {
        self.path = path
        self.migrations = migrations
        self.cache = cache
    }

    /// - Parameter unknown: migrations whose switches are to be unknown, whatever the file says.
    mutating func read(_ bytes: [UInt8], without unknown: Set<Int> = []) throws(InvalidFile) -> SwitchSnapshot {
        var drafts = try drafts(bytes)
        for index in unknown { drafts[index] = nil }
        let document = try SwitchDocument(bytes, file: path)
        do {
            return try SwitchSnapshot(
                summaries: drafts.map { $0?.summary },
                entries: migrations.indices.map { unknown.contains($0) ? nil : document.entry(of: migrations[$0].name) }
            ) { (index) throws(KeySetError) in
                guard let draft = drafts[index] else { return nil }
                return try draft.switches(of: migrations[index].name)
            }
        } catch {
            throw InvalidFile(Place(file: path, line: nil, path: ""), "\(error)")
        }
    }

    /// What the file says by the migration's position, before the sets are built; nil where it does not name one.
    mutating func drafts(_ bytes: [UInt8]) throws(InvalidFile) -> [SwitchDraft?] {
        lists = []
        warnings = []
        let root = try JSONDocument.parse(bytes, file: path)
        let issues = Issues()
        let value = DocumentValue(node: root, place: Place(file: path, line: root.line, path: ""), issues: issues)
        let drafts = readDocument(value)
        guard issues.errors.isEmpty else { throw InvalidFile(issues.errors) }
        warnings = issues.warnings
        return drafts
    }

    private mutating func readDocument(_ root: DocumentValue) -> [SwitchDraft?] {
        var drafts = [SwitchDraft?](repeating: nil, count: migrations.count)
        guard let section = Section(root, keys: ["version", "migrations"]) else { return drafts }
        if let value = section.required("version", "\(Self.version)"), let version = value.number(in: 0...UInt64.max),
            version != Self.version
        {
            value.fail("version \(version) is not known to this build, which reads version \(Self.version)")
        }
        for (name, value) in section.required("migrations", "{ ... }")?.entries() ?? [] {
            if let index = migrations.firstIndex(where: { $0.name == name }) {
                drafts[index] = readMigration(value, migrations[index].keyForm)
            } else {
                let near =
                    Spelling.nearest(to: name, among: migrations.map(\.name)).map { " (did you mean \($0)?)" } ?? ""
                root.issues.warn(value.place, "the configuration has no migration \"\(name)\"\(near)")
            }
        }
        for (migration, draft) in zip(migrations, drafts) where draft == nil {
            root.issues.warn(
                section.place, "migration \(migration.name) is not in the file; its calls are refused (no-switches)")
        }
        return drafts
    }

    private mutating func readMigration(_ value: DocumentValue, _ form: GrayKeyForm) -> SwitchDraft? {
        guard let section = Section(value, keys: ["epoch", "phase", "enrolled", "gray"]) else { return nil }
        let phases = Phase.allCases.map { (name: $0.name, value: $0) }
        let names = phases.map(\.name).joined(separator: ", ")
        let epoch = section.required("epoch", "the number of the last change and 1")?.number(in: SwitchEntry.epochs)
        let phase = section.required("phase", "one of \(names)")?.choice("phase", phases)
        // In the other phases no key is asked for.
        if phase == .migrating {
            for key in ["enrolled", "gray"] { _ = section.required(key, "\"all\", \"none\" or { ... }") }
        }
        let enrolled = readSet(section["enrolled"], form)
        let gray = readSet(section["gray"], form)
        guard let epoch, let phase else { return nil }
        return SwitchDraft(epoch: epoch, phase: phase, enrolled: enrolled, gray: gray)
    }

    private mutating func readSet(_ value: DocumentValue?, _ form: GrayKeyForm) -> GraySetDraft {
        guard let value else { return GraySetDraft() }
        if case .scalar = value.node.content {
            let sets = [(name: "all", value: GraySetDraft(everything: true)), (name: "none", value: GraySetDraft())]
            return value.choice("set", sets) ?? GraySetDraft()
        }
        var draft = GraySetDraft()
        guard let section = Section(value, keys: ["deny", "deny_file", "allow", "allow_file", "percent"]) else {
            return draft
        }
        let reader = KeyListReader(form: form, issues: value.issues)
        if let deny = section["deny"] { reader.read(deny, into: &draft.deny) }
        if let file = section["deny_file"] { read(file, into: &draft.deny, reader) }
        if let allow = section["allow"] { reader.read(allow, into: &draft.allow) }
        if let file = section["allow_file"] { read(file, into: &draft.allow, reader) }
        if let percent = section["percent"] { draft.percentTimes100 = percent.percentTimes100() ?? 0 }
        return draft
    }

    private mutating func read(_ file: DocumentValue, into list: inout KeyList, _ reader: KeyListReader) {
        guard let name = file.quotedText("the path of a file with one key a line") else { return }
        let path = FilePath.resolve(name, in: FilePath.folder(of: path))
        let stamp = FileStamp(path)
        lists.append(ListFile(path: path, stamp: stamp))
        // Keys that stand in the switch file itself make it another list.
        guard list.count == 0 else { return reader.read(file: path, named: file, into: &list) }
        let place = file.place.path
        if let known = cache.list(at: place, path: path, stamp: stamp, form: reader.form) {
            list = known
            return
        }
        let problems = file.issues.errors.count
        reader.read(file: path, named: file, into: &list)
        guard file.issues.errors.count == problems else { return }
        cache.keep(list, at: place, path: path, stamp: stamp, form: reader.form)
    }
}

extension DocumentValue {
    /// Text that JSON knows for text.
    func quotedText(_ expected: String) -> String? {
        guard case .scalar(let text, isQuoted: true) = node.content else {
            fail("expected \(expected), found \(node.writtenName)")
            return nil
        }
        return text
    }

    /// A whole number that JSON knows for one.
    func number(in range: ClosedRange<UInt64>) -> UInt64? {
        guard case .scalar(_, isQuoted: false) = node.content else {
            fail("expected a whole number, found \(node.writtenName)")
            return nil
        }
        return quantity(.count, in: range)
    }

    /// A percentage with at most two decimals, in hundredths.
    func percentTimes100() -> UInt32? {
        guard case .scalar(let text, isQuoted: false) = node.content else {
            fail("expected a number from 0 to 100, found \(node.writtenName)")
            return nil
        }
        guard let value = KeySelection.times100(text) else {
            fail("expected a number from 0 to 100 with at most two decimals, found \(text)")
            return nil
        }
        return value
    }
}

extension DocumentNode {
    /// The value itself where it is short, else what it is.
    fileprivate var writtenName: String {
        guard case .scalar(let text, let isQuoted) = content else { return kindName }
        return isQuoted ? "\"\(text.prefix(40))\"" : "\(text.prefix(40))"
    }
}
