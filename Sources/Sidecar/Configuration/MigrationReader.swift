import Migration
import WireFormat

/// Reads one entry of `migrations:` into a draft.
struct MigrationReader {
    func read(_ name: String, _ value: DocumentValue) -> MigrationDraft {
        var draft = MigrationDraft(name: name, place: value.place)
        let keys = [
            "old", "new", "services", "gray_key", "record_key", "gray_fallback", "inserts", "insert_guard", "methods",
            "records", "immutable_gray_key", "entity",
        ]
        guard let section = Section(value, keys: keys) else { return draft }
        draft.old = upstreamName("old", section)
        draft.new = upstreamName("new", section)
        draft.records = section["records"].map(RecordsReader().read)
        draft.services = draft.records == nil || section["services"] != nil ? readServices(section) : []
        draft.grayKey = GrayKeyReader.read(section["gray_key"])
        draft.grayFallback = section["gray_fallback"]?.boolean() ?? true
        draft.immutableGrayKey = section["immutable_gray_key"].flatMap { value in
            value.boolean().flatMap { $0 ? value.place : nil }
        }
        draft.recordKey = GrayKeyReader.read(section["record_key"])
        draft.entity = readEntity(section)
        let rules = InsertRule.allCases.map { (name: $0.name, value: $0) }
        draft.inserts = section["inserts"]?.choice("rule", rules) ?? .new
        draft.guardsInserts = section["insert_guard"]?.boolean() ?? true
        draft.methods = section["methods"]?.entries()?.compactMap(readMethod) ?? []
        return draft
    }

    private func upstreamName(_ key: String, _ section: Section) -> Placed<String>? {
        guard let value = section.required(key, "the name of an upstream") else { return nil }
        return value.text("the name of an upstream").map(value.placed)
    }

    private func readServices(_ section: Section) -> [Placed<String>] {
        guard let value = section.required("services", "[package.Service]"), let elements = value.elements() else {
            return []
        }
        if elements.isEmpty { value.fail("the list is empty; write at least one service: [package.Service]") }
        return elements.compactMap { element in
            guard let text = element.text("a service name like shop.v1.Orders") else { return nil }
            guard Names.isService(text) else {
                element.fail("\"\(text)\" is no service name; write package.Service, like shop.v1.Orders")
                return nil
            }
            return element.placed(text)
        }
    }

    private func readEntity(_ section: Section) -> Placed<String>? {
        guard let value = section["entity"], let text = value.text("a name like orders") else { return nil }
        guard !text.isEmpty else {
            value.fail("the name is empty; write what the records are, like orders")
            return nil
        }
        return value.placed(text)
    }

    private func readMethod(_ name: String, _ value: DocumentValue) -> MethodDraft? {
        let keys = ["kind", "gray_key", "entity", "absent", "timeout", "effect"] + WriteReader.keys + QueryReader.keys
        guard let section = Section(value, keys: keys, like: "{ kind: single_query }") else { return nil }
        let kinds = CallKind.allCases.map { (name: $0.name, value: $0) }
        let known = "one of \(kinds.map(\.name).joined(separator: ", "))"
        guard let kind = section.required("kind", known)?.choice("kind", kinds) else { return nil }
        refuse(foreignKeys(kind), kind, section)
        guard let rule = readRule(kind, section) else { return nil }
        return MethodDraft(name: name, place: value.place, rule: rule)
    }

    private func foreignKeys(_ kind: CallKind) -> [String] {
        switch kind {
        case .singleQuery: ["effect"] + WriteReader.keys.filter { $0 != "record_key" } + QueryReader.keys
        case .multiQuery: ["effect", "absent"] + WriteReader.keys
        case .update: ["effect"] + QueryReader.keys
        case .upsert: ["effect"] + WriteReader.changeKeys + QueryReader.keys
        case .insert, .delete: ["effect", "put"] + WriteReader.changeKeys + QueryReader.keys
        case .passThrough: ["gray_key", "entity", "absent", "timeout"] + WriteReader.keys + QueryReader.keys
        }
    }

    private func readRule(_ kind: CallKind, _ section: Section) -> MethodDraft.Rule? {
        switch kind {
        case .singleQuery: .singleQuery(readRouting(section))
        case .multiQuery: QueryReader().read(section, readRouting(section))
        case .update, .upsert, .insert, .delete: WriteReader().read(kind, section, readRouting(section))
        case .passThrough: readEffect(section).map { .passThrough($0) }
        }
    }

    private func refuse(_ keys: [String], _ kind: CallKind, _ section: Section) {
        for key in keys {
            section[key]?.fail("a method of kind \(kind.name) has no \(key); remove it, or write another kind")
        }
    }

    private func readRouting(_ section: Section) -> MethodDraft.Routing {
        let range: ClosedRange<UInt64> = 1_000_000...86_400_000_000_000
        return MethodDraft.Routing(
            key: GrayKeyReader.read(section["gray_key"]), recordKey: GrayKeyReader.read(section["record_key"]),
            entity: readEntity(section),
            absent: section["absent"].flatMap(readAbsent) ?? .notFound,
            timeoutNanoseconds: section["timeout"]?.quantity(.duration, in: range)
                ?? Configuration.defaultTimeoutNanoseconds
        )
    }

    /// Only statuses that a server sends on purpose can mean absence: the others also come from a connection, a proxy
    /// or a crash, and taking those for absence would send queries to the side that lacks the record.
    private func readAbsent(_ value: DocumentValue) -> GRPCStatus? {
        let meanings: [GRPCStatus] = [.notFound, .failedPrecondition, .invalidArgument, .outOfRange]
        let names = meanings.map { "\($0.name)" }
        guard let text = value.text("one of \(names.joined(separator: ", "))") else { return nil }
        if let index = names.firstIndex(of: text) { return meanings[index] }
        let isStatus = GRPCStatus(name: text) != nil
        let problem =
            isStatus ? "\(text) cannot mean absence, since failures have it too" : "unknown status \"\(text)\""
        value.fail("\(problem); \(Spelling.advice(for: text, among: names))")
        return nil
    }

    private func readEffect(_ section: Section) -> Effect? {
        let effects: [Effect] = [.read, .unsafeWrite]
        let value = section.required("effect", "read, or unsafe_write if the method changes records")
        return value?.choice("effect", effects.map { (name: $0.name, value: $0) })
    }
}

/// Reads a gray key: one `{ path: 1.3, type: int64 }`, or a list of them for a key of several components.
enum GrayKeyReader {
    private static let componentsAtMost = 4

    static func read(_ value: DocumentValue?) -> GrayKeyDraft {
        guard let value else { return .absent }
        var fields: [KeyField] = []
        if case .sequence = value.node.content {
            guard let elements = value.elements() else { return .broken }
            guard (1...componentsAtMost).contains(elements.count) else {
                value.fail("a key has 1 to \(componentsAtMost) components, found \(elements.count)")
                return .broken
            }
            fields = elements.compactMap(readField)
            if fields.count < elements.count { return .broken }
        } else {
            guard let field = readField(value) else { return .broken }
            fields = [field]
        }
        do {
            return .plan(value.placed(try KeyPlan(fields)))
        } catch {
            value.fail("\(error)")
            return .broken
        }
    }

    private static func readField(_ value: DocumentValue) -> KeyField? {
        let keys = ["path", "type", "presence"]
        guard let section = Section(value, keys: keys, like: "{ path: 1, type: string }") else { return nil }
        let path = section.required("path", "the field numbers from the outside in, like 1.3").flatMap(readPath)
        let type = section.required("type", "the field's type in the .proto file").flatMap(readType)
        let presences: [(name: String, value: Presence)] = [("optional", .optional), ("required", .required)]
        var presence: Presence? = .optional
        if let value = section["presence"] { presence = value.choice("presence", presences) }
        guard let path, let type, let presence else { return nil }
        return KeyField(path: path, type: type, presence: presence)
    }

    static func readPath(_ value: DocumentValue) -> FieldPath? {
        guard let text = value.text("field numbers like 1.3") else { return nil }
        do {
            return try FieldPath(text)
        } catch {
            let isName = text.contains { $0.isLetter }
            value.fail("\(error)" + (isName ? "; the number stands behind the = of the field in the .proto file" : ""))
            return nil
        }
    }

    static func readType(_ value: DocumentValue) -> ScalarType? {
        let types = ScalarType.allCases.map { (name: "\($0.name)", value: $0) }
        if case .scalar(let text, _) = value.node.content, ["float", "double"].contains(text) {
            value.fail(
                "floating point cannot be a key, since equal numbers have several writings; choose another field")
            return nil
        }
        return value.choice("type", types)
    }
}
