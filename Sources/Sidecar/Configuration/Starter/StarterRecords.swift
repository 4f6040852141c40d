import Stores

/// The part of a starting configuration that moves records between two tables: fields and columns as the tables have
/// them.
struct StarterRecords {
    private struct Field {
        let name: String
        let old: SQLiteTableOutline.Column
        let new: SQLiteTableOutline.Column?

        var type: String { StarterRecords.type(of: old) }
    }

    private let old: SQLiteTableOutline
    private let new: SQLiteTableOutline
    private let fields: [Field]

    init(old: SQLiteTableOutline, new: SQLiteTableOutline) {
        self.old = old
        self.new = new
        var taken: Set<String> = []
        fields = old.columns.map { column in
            let match = Self.match(column, among: new.columns.filter { !taken.contains($0.name) })
            if let match { taken.insert(match.name) }
            return Field(name: Self.identifier(match?.name ?? column.name), old: column, new: match)
        }
    }

    /// The same name, or one that is spelt nearly so.
    private static func match(
        _ column: SQLiteTableOutline.Column, among others: [SQLiteTableOutline.Column]
    ) -> SQLiteTableOutline.Column? {
        if let same = others.first(where: { $0.name.lowercased() == column.name.lowercased() }) { return same }
        if column.keyPlace == 1, let key = others.first(where: { $0.keyPlace == 1 }) { return key }
        let words = Set(NameGuess.words(column.name))
        return others.first { other in
            let others = Set(NameGuess.words(other.name))
            return others.isSubset(of: words) || words.isSubset(of: others)
        }
    }

    private static func identifier(_ name: String) -> String {
        let word = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        return word.first?.isLetter == true ? word.lowercased() : "f_" + word.lowercased()
    }

    var text: String {
        var lines = StarterLines()
        let mapped = fields.filter { $0.new != nil }
        lines.add("upstreams:")
        lines.add("  records-old: { sqlite: \(Self.quoted(old.path)) }")
        lines.add("  records-new: { sqlite: \(Self.quoted(new.path)) }")
        lines.add("")
        lines.add("migrations:")
        lines.add("  \(Self.identifier(new.table)):")
        lines.add("    old: records-old")
        lines.add("    new: records-new")
        lines.add("    records:")
        lines.add("      fields:")
        for field in mapped { add(field, &lines) }
        for field in fields where field.new == nil {
            lines.add(
                "        # \(field.name)", "decide: \(new.table) has no such column; see not mapped")
        }
        addKeys(mapped, &lines)
        addMapping("old", old, mapped, { $0.old }, &lines)
        addMapping("new", new, mapped, { $0.new ?? $0.old }, &lines)
        return lines.text
    }

    private func add(_ field: Field, _ lines: inout StarterLines) {
        let isKey = field.old.keyPlace > 0
        let isNullable = !isKey && !(field.old.isNotNull && field.new?.isNotNull == true)
        let type = field.type
        let written = isNullable ? "{ type: \(type), nullable: on }" : type
        lines.add("        \(field.name): \(written)", "\(field.old.name) \(field.old.declaredType)")
    }

    private func addKeys(_ mapped: [Field], _ lines: inout StarterLines) {
        let keys = mapped.filter { $0.old.keyPlace > 0 }.sorted { $0.old.keyPlace < $1.old.keyPlace }.map(\.name)
        switch keys.count {
        case 0: lines.add("      key: \(StarterConfiguration.undecided)", "decide: the field that tells records apart")
        case 1: lines.add("      key: \(keys[0])")
        default: lines.add("      key: [\(keys.joined(separator: ", "))]")
        }
        if let gray = NameGuess.common([mapped.map(\.name)], rank: NameGuess.grayRank) {
            lines.add("      gray_key: \(gray)", "the field by which the rollout goes; guess")
        } else {
            lines.add(
                "      gray_key: \(StarterConfiguration.undecided)",
                "decide: the field by which the rollout goes, like a store")
        }
        if mapped.contains(where: { $0.name == "version" }) {
            lines.add("      version: version", "counts writes, for expected_version; guess")
        }
    }

    private func addMapping(
        _ side: String, _ outline: SQLiteTableOutline, _ fields: [Field],
        _ column: (Field) -> SQLiteTableOutline.Column, _ lines: inout StarterLines
    ) {
        lines.add("      \(side):")
        lines.add("        table: \(Self.quoted(outline.table))")
        let mapped = fields.compactMap { field in
            Self.mapping(of: field, to: column(field)).map { (name: field.name, text: $0.text, remark: $0.remark) }
        }
        if !mapped.isEmpty { lines.add("        columns:") }
        for (name, text, remark) in mapped { lines.add("          \(name): \(text)", remark) }
        let names = Set(fields.map { column($0).name })
        let unused = outline.columns.filter { !names.contains($0.name) }
        let needed = unused.filter { $0.isNotNull && !$0.hasDefault }
        if !needed.isEmpty { lines.add("        constants:") }
        for column in needed {
            lines.add(
                "          \(Self.quoted(column.name)): 0", "decide: what new rows have there, \(column.declaredType)")
        }
        for column in unused where !(column.isNotNull && !column.hasDefault) {
            lines.add("        # not mapped: \(column.name) \(column.declaredType)")
        }
    }

    /// Nil where the column has the field's name and needs no word about how it stores values.
    private static func mapping(
        of field: Field, to column: SQLiteTableOutline.Column
    ) -> (text: String, remark: String?)? {
        let name = quoted(column.name)
        let isInteger = column.declaredType.uppercased().contains("INT")
        switch field.type {
        case "timestamp" where isInteger: return ("{ column: \(name), stored: microseconds }", "guess: or seconds, ...")
        case "timestamp":
            let own = column.textSample.flatMap { isTimestamp($0) ? $0 : nil }
            let sample = own ?? field.old.textSample ?? ""
            return ("{ column: \(name), stored: \"\(sample)\" }", own == nil ? "guess: as old has it" : "guess")
        case "decimal" where isInteger: return ("{ column: \(name), scale: 2 }", "guess: an integer of hundredths")
        case "decimal": return ("{ column: \(name), stored: text }", "guess")
        default: return column.name == field.name ? nil : (name, nil)
        }
    }

    private static func isTimestamp(_ text: String) -> Bool { TimestampFormat(example: text) != nil }

    /// By the declared type, as SQLite reads it (sqlite.org/datatype3.html, 3.1), and what is stored.
    private static func type(of column: SQLiteTableOutline.Column) -> String {
        let type = column.declaredType.uppercased()
        if let sample = column.textSample, isTimestamp(sample) { return "timestamp" }
        if type.contains("INT") { return "int64" }
        if type.contains("BOOL") { return "bool" }
        if type.contains("DATE") || type.contains("TIME") { return column.textSample == nil ? "int64" : "text" }
        if type.contains("DEC") || type.contains("NUMERIC") { return column.textSample == nil ? "double" : "decimal" }
        if ["CHAR", "CLOB", "TEXT"].contains(where: type.contains) { return "text" }
        if type.contains("BLOB") { return "bytes" }
        if ["REAL", "FLOA", "DOUB"].contains(where: type.contains) { return "double" }
        return "text"
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_./-".contains($0)) }
        return isPlain && text.first?.isNumber == false ? text : DocumentNode.text(text).json
    }
}
