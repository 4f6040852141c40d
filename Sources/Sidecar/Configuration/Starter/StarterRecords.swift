import Migration
import Stores

/// The part of a starting configuration that moves records between two tables: fields and columns as the tables have
/// them.
struct StarterRecords {
    typealias Column = SQLiteTableOutline.Column

    private struct Field {
        let name: String
        let old: Column
        let match: ColumnMatching.Match
        /// Nil where somebody has to choose the column first.
        let pairing: ColumnPairing?

        var new: Column? {
            if case .one(let column, isGuess: _) = match { column } else { nil }
        }

        func column(_ side: Side) -> Column? { side == .old ? old : new }
        var canBeKey: Bool { pairing?.type?.canBeKey ?? false }
    }

    private let old: SQLiteTableOutline
    private let new: SQLiteTableOutline
    private let fields: [Field]
    private let matching: ColumnMatching

    init(old: SQLiteTableOutline, new: SQLiteTableOutline) {
        self.old = old
        self.new = new
        let matching = ColumnMatching(
            old: old.columns.filter(Self.canBeMapped), new: new.columns.filter(Self.canBeMapped))
        self.matching = matching
        let names = StarterNames.fields(
            matching.pairs.map { pair in
                if case .one(let column, isGuess: _) = pair.match { column.name } else { pair.old.name }
            })
        fields = zip(names, matching.pairs).map { name, pair in
            var pairing: ColumnPairing?
            if case .one(let column, isGuess: _) = pair.match { pairing = ColumnPairing(old: pair.old, new: column) }
            return Field(name: name, old: pair.old, match: pair.match, pairing: pairing)
        }
    }

    private static func canBeMapped(_ column: Column) -> Bool { !column.isGenerated && !column.name.isEmpty }

    private func outline(_ side: Side) -> SQLiteTableOutline { side == .old ? old : new }

    var text: String {
        var lines = StarterLines()
        lines.add("upstreams:")
        lines.add("  records-old: { sqlite: \(Self.quoted(old.path)) }")
        lines.add("  records-new: { sqlite: \(Self.quoted(new.path)) }")
        lines.add("")
        lines.add("migrations:")
        lines.add("  \(StarterNames.migration(new.table)):")
        lines.add("    old: records-old")
        lines.add("    new: records-new")
        lines.add("    records:")
        lines.add("      fields:")
        for field in fields { add(field, &lines) }
        for column in matching.oldAlone {
            lines.addRemark(
                "decide: \(column.name): \(new.table) has no such column, so that it is not mapped", indent: 8)
        }
        let key = addKey(&lines)
        addGrayKey(&lines)
        addVersion(besides: key, &lines)
        for side in Side.allCases { addMapping(side, key, &lines) }
        return lines.text
    }

    private func add(_ field: Field, _ lines: inout StarterLines) {
        let names = "\(field.old.name) \(field.old.declaredType)"
        switch field.match {
        case .several(let columns):
            let list = columns.map(\.name).joined(separator: ", ")
            lines.add(
                "        \(field.name): \(StarterConfiguration.undecided)",
                "\(names); decide: is it \(list) of new, or none?")
        case .one(let column, let isGuess):
            guard let pairing = field.pairing, let type = pairing.type else {
                return lines.add(
                    "        \(field.name): \(StarterConfiguration.undecided)",
                    "\(names), \(column.declaredType); decide: \(field.pairing?.remark ?? ""); or remove it")
            }
            let isNullable = field.old.keyPlace == 0 && !(field.old.isNotNull && column.isNotNull)
            let written = isNullable ? "{ type: \(type.name), nullable: on }" : type.name
            let guess = isGuess ? "guess: \(column.name) of new" : pairing.remark
            lines.add("        \(field.name): \(written)", [names, guess].compactMap { $0 }.joined(separator: "; "))
        }
    }
}

// MARK: - Keys

extension StarterRecords {
    /// The fields of the record key; none where it is left to decide.
    private func addKey(_ lines: inout StarterLines) -> [Field] {
        let own = old.columns.filter { $0.keyPlace > 0 }.sorted { $0.keyPlace < $1.keyPlace }.map(\.name)
        let candidates = own.isEmpty ? old.uniques.map { $0.compactMap { $0 } } : [own]
        let keys = candidates.map { names in names.compactMap { name in fields.first { $0.old.name == name } } }
        let usable = zip(candidates, keys).filter { names, key in
            !names.isEmpty && names.count == key.count && key.count <= RecordEntity.maxKeyParts
                && key.allSatisfy(\.canBeKey)
        }.map(\.1)
        guard let key = usable.first(where: isUniqueOnNew) ?? usable.first else {
            let reason =
                own.isEmpty
                ? "nothing is unique on old"
                : "\(own.joined(separator: ", ")) of old cannot be it: each part needs a column of new, and a type "
                    + "that is no number with a fraction; at most \(RecordEntity.maxKeyParts) parts"
            lines.add(
                "      key: \(StarterConfiguration.undecided)", "decide: the field that tells records apart; \(reason)")
            return []
        }
        let names = key.map(\.name)
        let text = names.count == 1 ? names[0] : "[\(names.joined(separator: ", "))]"
        let list = key.compactMap { $0.new?.name }.joined(separator: ", ")
        lines.add(
            "      key: \(text)",
            isUniqueOnNew(key)
                ? (own.isEmpty ? "guess: unique on both sides" : nil) : "decide: \(new.table) needs UNIQUE (\(list))")
        return key
    }

    private func isUniqueOnNew(_ key: [Field]) -> Bool {
        let names = Set(key.compactMap { $0.new?.name })
        return new.uniques.contains { Set($0.compactMap { $0 }) == names && $0.count == names.count }
    }

    private func addGrayKey(_ lines: inout StarterLines) {
        let usable = fields.filter(\.canBeKey)
        guard let name = NameGuess.common([usable.map(\.name)], rank: NameGuess.grayRank),
            let gray = usable.first(where: { $0.name == name })
        else {
            return lines.add(
                "      gray_key: \(StarterConfiguration.undecided)",
                "decide: the field by which the rollout goes, like a store")
        }
        for side in Side.allCases {
            guard let column = gray.column(side), !outline(side).firstIndexed.contains(column.name) else { continue }
            lines.addRemark(
                "decide: no index of \(side.name) begins with \(column.name), so that queries of one gray key read the "
                    + "whole table; check prints the CREATE INDEX", indent: 6)
        }
        lines.add("      gray_key: \(name)", "the field by which the rollout goes; guess")
    }

    private func addVersion(besides key: [Field], _ lines: inout StarterLines) {
        guard let version = fields.first(where: { $0.name == "version" && $0.pairing?.type == .int64 }),
            !key.contains(where: { $0.name == version.name })
        else { return }
        lines.add("      version: version", "counts writes, for expected_version; guess")
    }
}

// MARK: - Mappings

extension StarterRecords {
    private func addMapping(_ side: Side, _ key: [Field], _ lines: inout StarterLines) {
        let outline = outline(side)
        lines.add("      \(side.name):")
        lines.add("        table: \(Self.quoted(outline.table))")
        addColumns(side, &lines)
        let alone = side == .old ? matching.oldAlone : matching.newAlone
        addConstants(alone.filter(needs), &lines)
        for column in alone where !needs(column) {
            lines.addRemark("not mapped: \(column.name) \(column.declaredType)", indent: 8)
        }
        for column in outline.columns where !Self.canBeMapped(column) {
            let reason = column.isGenerated ? "\(column.name), which is generated" : "a column whose name is empty"
            lines.addRemark("not mapped: \(reason)", indent: 8)
        }
        addUniqueness(side, key, &lines)
        guard !outline.foreignKeys.isEmpty else { return }
        lines.addRemark("foreign keys: \(outline.foreignKeys.joined(separator: "; "))", indent: 8)
        lines.add(
            "        foreign_keys: \(StarterConfiguration.undecided)",
            "decide: on if the app runs PRAGMA foreign_keys = ON")
    }

    /// Whether a new row must say something there.
    private func needs(_ column: Column) -> Bool { column.isNotNull && !column.hasDefault }

    private func addColumns(_ side: Side, _ lines: inout StarterLines) {
        let mapped = fields.compactMap { field in
            mapping(of: field, side).map { (name: field.name, text: $0.text, remark: $0.remark) }
        }
        if !mapped.isEmpty { lines.add("        columns:") }
        for (name, text, remark) in mapped { lines.add("          \(name): \(text)", remark) }
    }

    /// Nil where the column has the field's name and needs no word about how it stores values.
    private func mapping(of field: Field, _ side: Side) -> (text: String, remark: String?)? {
        guard let column = field.column(side) else {
            return (StarterConfiguration.undecided, field.match.candidates.map(\.name).joined(separator: ", "))
        }
        let name = Self.quoted(column.name)
        let plain: (String, String?)? = column.name == field.name ? nil : (name, nil)
        guard let pairing = field.pairing, pairing.type != nil else { return plain }
        let undecided = StarterConfiguration.undecided
        switch pairing.storage(side) {
        case .known(.plain): return plain
        case .known(let storage): return ("{ column: \(name), \(Self.text(storage)) }", "guess")
        case .example(let text): return ("{ column: \(name), stored: \(DocumentNode.text(text).json) }", "guess")
        case .undecidedScale:
            return ("{ column: \(name), scale: \(undecided) }", "decide: 2 if it counts cents, 0 if whole units")
        case .undecidedTime:
            return (
                "{ column: \(name), stored: \(undecided) }",
                "decide: seconds, milliseconds, microseconds or a text like \"2017-01-01T11:53:26Z\""
            )
        }
    }

    private static func text(_ storage: ColumnStorage) -> String {
        switch storage {
        case .scaled(let scale): "scale: \(scale)"
        case .real(let scale): "stored: real, scale: \(scale)"
        case .seconds: "stored: seconds"
        case .milliseconds: "stored: milliseconds"
        case .microseconds: "stored: microseconds"
        // Forms of a text are told by examples.
        case .text, .plain, .formatted, .uuidText: "stored: text"
        }
    }

    private func addConstants(_ columns: [Column], _ lines: inout StarterLines) {
        if !columns.isEmpty { lines.add("        constants:") }
        for column in columns {
            lines.add(
                "          \(Self.quoted(column.name)): \(StarterConfiguration.undecided)",
                "decide: what new rows have there, \(column.declaredType)")
        }
    }

    private func addUniqueness(_ side: Side, _ key: [Field], _ lines: inout StarterLines) {
        let names = Set(key.compactMap { $0.column(side)?.name })
        guard !names.isEmpty else { return }
        let uniques = Set(outline(side).uniques.map { $0.map { $0 ?? "an expression" } })
        for unique in uniques.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !names.isSubset(of: unique) {
            lines.addRemark(
                "decide: UNIQUE (\(unique.joined(separator: ", "))) holds in this table only, and records are in two; "
                    + "see to it in the application, or write inserts: both", indent: 8)
        }
    }

    /// A name as YAML takes it, whatever it is.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_./-".contains($0)) }
        let begin = text.first.map { $0.isLetter || "/._".contains($0) } ?? false
        return isPlain && begin && !StarterNames.isReserved(text) ? text : DocumentNode.text(text).json
    }
}
