import WireFormat

/// The messages of a descriptor, asked whether a field path leads where a configuration says.
struct DescriptorMessages {
    private let outline: ServiceOutline
    let issues: Issues
    private let source: String

    init(_ outline: ServiceOutline, _ issues: Issues, source: String) {
        self.outline = outline
        self.issues = issues
        self.source = source
    }

    // MARK: - Keys

    /// - Parameter name: of the key, as `gray key`.
    func check(_ key: KeyPlan, in message: String, _ name: String, _ place: Place) {
        for component in 0..<key.count {
            let field = key[component]
            check(field.path, type: field.type.name, in: message, name, place)
        }
    }

    /// - Parameter type: as the configuration writes it.
    func check(_ path: FieldPath, type: String, in message: String, _ name: String, _ place: Place) {
        guard let field = field(path, in: message, name, place) else { return }
        let expected = field.typeName
        guard expected != type else { return }
        let shown = "\(name): field \(path) of \(message), \(field.name), "
        guard let expected else {
            return issues.error(
                place, shown + "is \(field.kindName), which cannot be read as \(type); \(fields(of: message))")
        }
        issues.error(place, shown + "is of type \(field.kindName); write type: \(expected)")
    }

    /// The field that a path leads to; nil, and reported, where there is none.
    func field(
        _ path: FieldPath, in message: String, _ name: String, _ place: Place, mayRepeat: Bool = false
    ) -> ServiceOutline.Field? {
        var current = message
        var found: ServiceOutline.Field?
        for level in 0..<path.count {
            guard outline.has(message: current) else {
                issues.error(
                    place, "\(source) does not hold the message \(current); make it again with --include_imports")
                return nil
            }
            guard let field = outline.fields(of: current).first(where: { $0.number == Int(path[level]) }) else {
                issues.error(place, "\(name): \(current) has no field \(path[level]); \(fields(of: current))")
                return nil
            }
            let isLast = level + 1 == path.count
            if let element = path.element(at: level), !field.isRepeated {
                issues.error(
                    place,
                    "\(name): field \(path[level]) of \(current), \(field.name), is not repeated; write "
                        + "\(path[level]) in place of \(path[level])[\(element)]")
                return nil
            }
            if field.isRepeated, path.element(at: level) == nil, !mayRepeat {
                issues.error(
                    place,
                    "\(name): field \(path[level]) of \(current), \(field.name), is repeated; write which element, "
                        + "like \(path[level])[0]")
                return nil
            }
            found = field
            if isLast { break }
            guard let inner = field.message else {
                issues.error(
                    place,
                    "\(name): field \(path[level]) of \(current), \(field.name), is \(field.kindName), which has no "
                        + "fields; write a path that ends there")
                return nil
            }
            current = inner
        }
        return found
    }

    /// The message of a repeated field; nil, and reported, where it is none.
    func repeatedMessage(_ number: UInt32, in message: String, _ place: Place) -> String? {
        guard let field = repeated(number, in: message, place) else { return nil }
        if let inner = field.message { return inner }
        issues.error(place, "field \(number) of \(message), \(field.name), holds \(field.kindName), no messages")
        return nil
    }

    func repeated(_ number: UInt32, in message: String, _ place: Place) -> ServiceOutline.Field? {
        guard let field = plain(number, in: message, place) else { return nil }
        if field.isRepeated { return field }
        issues.error(place, "field \(number) of \(message), \(field.name), is not repeated; \(fields(of: message))")
        return nil
    }

    func plain(_ number: UInt32, in message: String, _ place: Place) -> ServiceOutline.Field? {
        if let field = outline.fields(of: message).first(where: { $0.number == Int(number) }) { return field }
        issues.error(place, "\(message) has no field \(number); \(fields(of: message))")
        return nil
    }

    // MARK: - Requests of the sidecar's own making

    /// - Parameters:
    ///   - target: the message that is made.
    ///   - reply: nil where there is none to take from.
    func check(_ template: MessageTemplate, makes target: String, request: String, reply: String?, _ place: Place) {
        for field in template.fields {
            let source = field.source == .request ? request : reply
            let name = "\(field.number): \(field.source == .request ? "request" : "reply").\(field.path)"
            guard let source, let from = self.field(field.path, in: source, name, place, mayRepeat: true),
                let to = plain(field.number, in: target, place)
            else { continue }
            if from.kindName == to.kindName { continue }
            let text =
                "\(name): \(from.name) of \(source) is \(from.kindName), \(to.name) of \(target) is \(to.kindName)"
            if from.message != nil, to.message != nil {
                issues.warn(place, text + "; that is right only where both have the same fields")
            } else {
                issues.error(place, text + "; \(fields(of: target))")
            }
        }
    }

    /// For advice.
    func fields(of message: String) -> String {
        let fields = outline.fields(of: message)
        if fields.isEmpty { return "it has no fields" }
        let shown = fields.prefix(12).map {
            "\($0.number) \($0.name) (\($0.isRepeated ? "repeated " : "")\($0.kindName))"
        }
        return "it has " + shown.joined(separator: ", ") + (fields.count > 12 ? ", ..." : "")
    }

    func allFields(of message: String) -> [ServiceOutline.Field] { outline.fields(of: message) }
}
