import Migration
import WireFormat

/// Reads what a method that finds many records says beside what all methods say.
struct QueryReader {
    static let keys = ["rows", "pages", "confirm", "rest", "partial"]

    func read(_ section: Section, _ routing: MethodDraft.Routing) -> MethodDraft.Rule? {
        let pages = section["pages"].map(readPages) ?? .some(PagePlan.none)
        let value = section.required("rows", "{ field: 1, key: { path: 1, type: int64 }, order: [] }")
        guard let value, let pages, let rows = readRows(value, pages) else { return nil }
        guard let confirm = section.required("confirm", "off, or { method: GetMany, element: 1, ... }") else {
            return nil
        }
        let lookUp = readConfirm(confirm)
        if case .broken = lookUp { return nil }
        let rest = section["rest"]?.choice("rest", Self.rests) ?? .dropped
        let partial = section["partial"]?.choice("side", Self.partials) ?? []
        return .multiQuery(
            QueryDraft(routing: routing, rows: rows, lookUp: lookUp, rest: rest, mayMiss: partial))
    }

    private static let rests: [(name: String, value: MultiQueryPlan.Rest)] = [
        ("dropped", .dropped), ("old", .taken(from: .old)), ("new", .taken(from: .new)),
    ]
    private static let partials: [(name: String, value: SideSet)] = [
        ("never", []), ("old", .old), ("new", .new), ("any", .both),
    ]

    // MARK: - Rows

    private func readRows(_ value: DocumentValue, _ pages: PagePlan) -> RowPlan? {
        guard let section = Section(value, keys: ["field", "key", "gray_key", "order", "total_order"]) else {
            return nil
        }
        let field = number("field", section)
        let key = readKey(section.required("key", "{ path: 1, type: int64 }"))
        var grayKey: KeyPlan?
        if let value = section["gray_key"] {
            guard let plan = readKey(value) else { return nil }
            grayKey = plan
        }
        let elements = section["order"]?.elements()
        let order = elements?.compactMap(readTerm) ?? []
        guard let field, let key, order.count == elements?.count ?? 0 else { return nil }
        return attempt(value) { () throws(RowPlanError) in
            try RowPlan(
                field: field, key: key, grayKey: grayKey, order: order,
                isTotal: section["total_order"]?.boolean() ?? false, paging: pages)
        }
    }

    private func readKey(_ value: DocumentValue?) -> KeyPlan? {
        guard let value, case .plan(let plan) = GrayKeyReader.read(value) else { return nil }
        return plan.value
    }

    private func readTerm(_ value: DocumentValue) -> OrderTerm? {
        guard let section = Section(value, keys: ["path", "type", "absent", "descending"]) else { return nil }
        let path = section.required("path", "field numbers like 1.3").flatMap(GrayKeyReader.readPath)
        let type = section.required("type", "the field's type in the .proto file").flatMap { value -> OrderType? in
            let types =
                ScalarType.allCases.map { (name: "\($0.name)", value: OrderType.scalar($0)) }
                + [("double", OrderType.double), ("float", .float)]
            return value.choice("type", types)
        }
        let absences: [(name: String, value: OrderTerm.Absence)] = [
            ("default", .isDefault), ("null", .isNull), ("null_without_holder", .isNullWithoutHolder),
        ]
        var absence: OrderTerm.Absence? = .isDefault
        if let value = section["absent"] { absence = value.choice("meaning", absences) }
        guard let path, let type, let absence else { return nil }
        let isDescending = section["descending"]?.boolean() ?? false
        return OrderTerm(path: path, type: type, absence: absence, isDescending: isDescending)
    }

    // MARK: - Pages

    private func readPages(_ value: DocumentValue) -> PagePlan? {
        let keys = ["tokens", "limit", "default_limit", "maximum_limit", "request_token", "response_token"]
        guard let section = Section(value, keys: keys) else { return nil }
        let forms = TokenForm.allCases.map { (name: "\($0)", value: $0) }
        let tokens = section.required("tokens", "none, opaque or keyset")?.choice("form", forms)
        let limits: ClosedRange<UInt64> = 1...100_000
        let defaultLimit = section["default_limit"]?.quantity(.count, in: limits)
        let maximumLimit = section["maximum_limit"]?.quantity(.count, in: limits) ?? 1000
        guard let tokens else { return nil }
        return attempt(value) { () throws(RowPlanError) in
            try PagePlan(
                tokens: tokens, limitField: number("limit", section), defaultLimit: defaultLimit.map { Int($0) },
                maximumLimit: Int(maximumLimit), requestTokenField: number("request_token", section),
                responseTokenField: number("response_token", section))
        }
    }

    /// The field number under a key; nil where the key is not there, or wrong and reported.
    private func number(_ key: String, _ section: Section) -> UInt32? {
        guard let value = section[key] else {
            if key == "field" { _ = section.required(key, "a field number") }
            return nil
        }
        return fieldNumber(value)
    }

    private func fieldNumber(_ value: DocumentValue) -> UInt32? {
        value.quantity(.count, in: 1...536_870_911).map { UInt32($0) }
    }

    // MARK: - Confirming

    private func readConfirm(_ value: DocumentValue) -> QueryDraft.LookUp {
        if case .scalar(let text, _) = value.node.content, ["off", "false"].contains(text) { return .off }
        guard let section = Section(value, keys: ["method", "copied", "element", "parts", "rows", "key"]) else {
            return .broken
        }
        let method = section.required("method", "the method that finds records by their keys").flatMap { value in
            value.text("the name of a method").map(value.placed)
        }
        let element = section.required("element", "the request's repeated field of keys").flatMap(fieldNumber)
        let rows = section.required("rows", "the answer's repeated field of records").flatMap(fieldNumber)
        let key = readKey(section.required("key", "{ path: 1, type: int64 }"))
        let parts = section.required("parts", "[{ path: 1, type: int64 }]")?.elements()
        let read = parts?.compactMap(readPart)
        let copied = section["copied"]?.elements()
        let numbers = copied?.compactMap(fieldNumber) ?? []
        guard let method, let element, let rows, let key, let parts, let read, read.count == parts.count,
            numbers.count == copied?.count ?? 0
        else { return .broken }
        return .method(
            method,
            make: { path in
                attempt(value) { () throws(RowPlanError) in
                    try LookUpPlan(
                        method: path, copied: numbers, element: element, parts: read, rows: rows, key: key)
                }
            })
    }

    private func readPart(_ value: DocumentValue) -> LookUpPart? {
        guard let section = Section(value, keys: ["path", "type", "field"]) else { return nil }
        let path = section.required("path", "field numbers like 1.3").flatMap(GrayKeyReader.readPath)
        let type = section.required("type", "the field's type in the .proto file").flatMap(GrayKeyReader.readType)
        guard let path, let type else { return nil }
        return LookUpPart(path: path, type: type, field: section["field"].flatMap(fieldNumber))
    }

    private func attempt<Plan>(_ value: DocumentValue, _ make: () throws(RowPlanError) -> Plan) -> Plan? {
        do throws(RowPlanError) {
            return try make()
        } catch {
            value.fail("\(error)")
            return nil
        }
    }
}

/// A method that finds many records, before it is checked.
struct QueryDraft {
    enum LookUp {
        case off
        case broken
        /// `make` is given the method's path.
        case method(Placed<String>, make: (String) -> LookUpPlan?)
    }

    let routing: MethodDraft.Routing
    let rows: RowPlan
    let lookUp: LookUp
    let rest: MultiQueryPlan.Rest
    let mayMiss: SideSet
}
