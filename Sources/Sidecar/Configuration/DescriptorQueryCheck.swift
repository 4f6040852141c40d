import Migration
import WireFormat

/// Compares what a configuration says of a method that finds many records with the method's messages.
struct DescriptorQueryCheck {
    let messages: DescriptorMessages
    let method: ServiceOutline.Method
    let outline: ServiceOutline
    let at: (String) -> Place

    func check(_ plan: MultiQueryPlan, service: String) {
        let rows = plan.rows
        checkPages(rows.paging)
        guard let row = messages.repeatedMessage(rows.field, in: method.output, at("rows")) else { return }
        messages.check(rows.key, in: row, "rows.key", at("rows"))
        if let key = rows.grayKey { messages.check(key, in: row, "rows.gray_key", at("rows")) }
        for term in rows.order { messages.check(term.path, type: term.type.name, in: row, "rows.order", at("rows")) }
        if let lookUp = plan.lookUp { check(lookUp, row: row) }
        if plan.rest == .dropped { noteDropped(rows) }
    }

    private func checkPages(_ pages: PagePlan) {
        let place = at("pages")
        let integers: Set<String> = ["int32", "int64", "uint32", "uint64"]
        if let limit = pages.limitField, let field = messages.plain(limit, in: method.input, place),
            !integers.contains(field.typeName ?? "") || field.isRepeated
        {
            messages.issues.error(
                place, "limit: field \(limit) of \(method.input), \(field.name), is \(field.kindName), no integer")
        }
        let tokens = [(pages.requestTokenField, method.input), (pages.responseTokenField, method.output)]
        for case (let number?, let message) in tokens {
            guard let field = messages.plain(number, in: message, place) else { continue }
            guard field.typeName == "string" || field.typeName == "bytes", !field.isRepeated else {
                messages.issues.error(
                    place,
                    "a page token is string or bytes: field \(number) of \(message), \(field.name), is "
                        + field.kindName)
                continue
            }
        }
    }

    private func check(_ lookUp: LookUpPlan, row: String) {
        let place = at("confirm")
        guard let target = outline.method(path: lookUp.method) else {
            let known = outline.services.flatMap { service in service.methods.map { "\(service.name)/\($0.name)" } }
            let name = String(lookUp.method.dropFirst())
            messages.issues.error(
                place, "the descriptor has no method \(name); \(Spelling.advice(for: name, among: known))")
            return
        }
        for number in lookUp.copied {
            _ = messages.plain(number, in: method.input, place)
            _ = messages.plain(number, in: target.input, place)
        }
        if let element = messages.repeated(lookUp.element, in: target.input, place) {
            for part in lookUp.parts { check(part, of: element, row: row, target, place) }
        }
        guard let found = messages.repeatedMessage(lookUp.rows, in: target.output, place) else { return }
        messages.check(lookUp.key, in: found, "confirm.key", place)
    }

    /// A part's value is written as it stands in the row, so that both must have one form.
    private func check(
        _ part: LookUpPart, of element: ServiceOutline.Field, row: String, _ target: ServiceOutline.Method,
        _ place: Place
    ) {
        guard let from = messages.field(part.path, in: row, "confirm.parts", place) else { return }
        var to = element
        if let number = part.field {
            guard let inner = element.message else {
                messages.issues.error(
                    place,
                    "parts: \(element.name) of \(target.input) holds \(element.kindName), no messages; remove field")
                return
            }
            guard let field = messages.plain(number, in: inner, place) else { return }
            to = field
        }
        guard from.kindName != to.kindName else { return }
        messages.issues.error(
            place, "parts: \(from.name) of \(row) is \(from.kindName), \(to.name) that takes it is \(to.kindName)")
    }

    private func noteDropped(_ rows: RowPlan) {
        let kept = [rows.field, rows.paging.responseTokenField ?? 0].map { Int($0) }
        let dropped = messages.allFields(of: method.output).filter { !kept.contains($0.number) }
        guard !dropped.isEmpty else { return }
        messages.issues.warn(
            at("rest"),
            "\(dropped.map { "\($0.number) \($0.name)" }.joined(separator: ", ")) of \(method.output) cannot be merged "
                + "and \(dropped.count == 1 ? "is" : "are") dropped once a key is enrolled; to take "
                + "\(dropped.count == 1 ? "it" : "them") from one side write rest: old (or new)")
    }
}
