import WireFormat

/// The part of a starting configuration that moves services: every method with a guess of its kind and its keys.
struct StarterServices {
    private typealias Method = ServiceOutline.Method
    private typealias Path = ServiceOutline.Path

    private let outline: ServiceOutline
    private let services: [ServiceOutline.Service]
    /// The names of the fields that the gray key and the record key were guessed to be in.
    private let gray: String?
    private let record: String?
    /// What the most methods have.
    private let grayDefault: Path?
    private let recordDefault: Path?
    private let lookUpMethod: ServiceOutline.Method?

    init(_ outline: ServiceOutline, _ services: [ServiceOutline.Service]) {
        self.outline = outline
        self.services = services
        let routed = services.flatMap(\.methods).filter { Self.isRouted($0) }
        let inputs = routed.map { outline.scalars(of: $0.input).filter { $0.type != .bool } }
        let gray = NameGuess.common(inputs.map { $0.map(\.name) }, rank: NameGuess.grayRank)
        let record = NameGuess.common(
            inputs.map { $0.map(\.name).filter { $0 != gray } },
            rank: { name in name == gray ? nil : NameGuess.keyRank(name) })
        self.gray = gray
        self.record = record
        grayDefault = Self.mostCommon(inputs.compactMap { $0.first { $0.name == gray } })
        recordDefault = Self.mostCommon(inputs.compactMap { $0.first { $0.name == record } })
        lookUpMethod = routed.first { method in
            NameGuess.kind(ofMethod: method.name) == .get && outline.repeatedMessage(of: method.output) == nil
                && outline.scalars(of: method.input).contains { $0.name == record }
        }
    }

    private static func isRouted(_ method: ServiceOutline.Method) -> Bool {
        guard !method.streamsIn, !method.streamsOut else { return false }
        switch NameGuess.kind(ofMethod: method.name) {
        case .get, .insert, .update, .upsert, .delete: return true
        case .getMany, .list, .read, .unknown: return false
        }
    }

    private static func mostCommon(_ paths: [ServiceOutline.Path]) -> ServiceOutline.Path? {
        let counts = Dictionary(grouping: paths, by: \.key).mapValues(\.count)
        return paths.max { (counts[$0.key] ?? 0, $1.path) < (counts[$1.key] ?? 0, $0.path) }
    }

    /// `shop.v1.Orders` moves as `orders`.
    private var migration: String {
        let name = services[0].name.split(separator: ".").last.map(String.init) ?? "orders"
        let parts = NameGuess.words(name).filter { $0 != "service" }
        return StarterNames.migration(parts.isEmpty ? name : parts.joined(separator: "-"))
    }

    var text: String {
        var lines = StarterLines()
        lines.add("upstreams:")
        lines.add("  \(migration)-old: { address: 127.0.0.1:50051 }", "decide: where the old service is")
        lines.add("  \(migration)-new: { address: 127.0.0.1:50052 }", "decide: where the new service is")
        lines.add("")
        lines.add("migrations:")
        lines.add("  \(migration):")
        lines.add("    old: \(migration)-old")
        lines.add("    new: \(migration)-new")
        lines.add("    services: [\(services.map(\.name).joined(separator: ", "))]")
        addKeys(&lines)
        lines.add("    methods:")
        for service in services {
            for method in service.methods { add(method, of: service, &lines) }
        }
        return lines.text
    }

    // MARK: - Keys

    private func addKeys(_ lines: inout StarterLines) {
        guard services.flatMap(\.methods).contains(where: Self.isRouted) else { return }
        lines.add("    # The gray key: the field by which the rollout goes. What requests have besides:")
        for candidate in candidates() { lines.add("    #   \(candidate)") }
        if let grayDefault {
            lines.add("    gray_key: \(grayDefault.key)", "\(grayDefault.written); guess")
        } else {
            lines.add(
                "    gray_key: { path: \(StarterConfiguration.undecided), type: string }",
                "decide: no field looks like a store or a tenant")
        }
        if let recordDefault {
            lines.add("    record_key: \(recordDefault.key)", "\(recordDefault.written): tells records apart; guess")
        }
    }

    /// Fields of requests that might be keys, with the methods that have them.
    private func candidates() -> [String] {
        var methods: [(field: String, names: [String])] = []
        for method in services.flatMap(\.methods) where Self.isRouted(method) {
            for path in outline.scalars(of: method.input) where path.type != .bool {
                let field = "\(path.name), \(path.type.name)"
                if let index = methods.firstIndex(where: { $0.field == field }) {
                    methods[index].names.append("\(method.name) (\(path.path))")
                } else {
                    methods.append((field, ["\(method.name) (\(path.path))"]))
                }
            }
        }
        return methods.prefix(12).map { "\($0.field): \($0.names.prefix(6).joined(separator: ", "))" }
    }

    private func key(_ name: String?, in method: ServiceOutline.Method) -> ServiceOutline.Path? {
        outline.scalars(of: method.input).first { $0.name == name }
    }

    // MARK: - Methods

    private func add(_ method: ServiceOutline.Method, of service: ServiceOutline.Service, _ lines: inout StarterLines) {
        let name = services.count == 1 ? method.name : "\(service.name)/\(method.name)"
        let shape = { (isStream: Bool, message: String) in
            (isStream ? "stream " : "") + (message.split(separator: ".").last.map(String.init) ?? message)
        }
        lines.add(
            "      # rpc \(method.name)(\(shape(method.streamsIn, method.input))) returns "
                + "(\(shape(method.streamsOut, method.output)))")
        let kind = NameGuess.kind(ofMethod: method.name)
        if method.streamsIn { return passThrough(name, .unknown, "guess: it streams", &lines) }
        if method.streamsOut { return passThrough(name, kind, "guess: it streams", &lines) }
        switch kind {
        case .get where outline.repeatedMessage(of: method.output) == nil:
            addSingleQuery(name, method, &lines)
        case .get, .list: addMultiQuery(name, method, &lines)
        case .insert: addWrite(name, "insert", method, &lines)
        case .update: addWrite(name, "update", method, &lines)
        case .upsert: addWrite(name, "upsert", method, &lines)
        case .delete: addWrite(name, "delete", method, &lines)
        case .getMany, .read, .unknown: passThrough(name, kind, "guess", &lines)
        }
    }

    private func passThrough(
        _ name: String, _ kind: NameGuess.MethodKind, _ remark: String, _ lines: inout StarterLines
    ) {
        let reads: [NameGuess.MethodKind] = [.get, .getMany, .list, .read]
        let effect = reads.contains(kind) ? "read" : "unsafe_write"
        lines.add("      \(name): { kind: pass_through, effect: \(effect) }", remark)
    }

    private func addSingleQuery(_ name: String, _ method: ServiceOutline.Method, _ lines: inout StarterLines) {
        lines.add("      \(name):")
        lines.add("        kind: single_query", "guess")
        addGrayKey(method, &lines)
    }

    /// Only where it is not the migration's.
    private func addGrayKey(_ method: ServiceOutline.Method, _ lines: inout StarterLines) {
        guard let grayDefault else { return }
        guard let own = key(gray, in: method) else {
            return lines.add(
                "        gray_key: { path: \(StarterConfiguration.undecided), type: \(grayDefault.type.name) }",
                "decide: the request has no \(gray ?? "gray key"); pass_through may be the kind")
        }
        guard own.key != grayDefault.key else { return }
        let isAlike = Self.form(own.type) == Self.form(grayDefault.type)
        let remark = isAlike ? "guess" : "decide: \(grayDefault.type.name) elsewhere, and all keys must be alike"
        lines.add("        gray_key: \(own.key)", "\(own.written); \(remark)")
    }

    private static func form(_ type: ScalarType) -> Int { type == .string ? 0 : type == .bytes ? 1 : 2 }

    private func addWrite(
        _ name: String, _ kind: String, _ method: ServiceOutline.Method, _ lines: inout StarterLines
    ) {
        lines.add("      \(name):")
        lines.add("        kind: \(kind)", "guess")
        addGrayKey(method, &lines)
        if let own = key(record, in: method) {
            if own.key != recordDefault?.key { lines.add("        record_key: \(own.key)", "\(own.written); guess") }
        } else {
            lines.add(
                "        record_key: { path: \(StarterConfiguration.undecided), type: int64 }",
                "decide: both sides must be told the record's key")
        }
        if kind != "update" { addLookUp(method, &lines) }
        if kind == "update" || kind == "upsert" {
            lines.add("        # put: { method: ..., fields: { 1: reply.1 } } gives the other side the whole record")
        }
    }

    private func addLookUp(_ method: ServiceOutline.Method, _ lines: inout StarterLines) {
        guard let lookUpMethod, let target = key(record, in: lookUpMethod), target.numbers.count == 1,
            let source = key(record, in: method)
        else {
            return lines.add("        # look_up: { method: ..., fields: { 1: request.1 } } asks for the record first")
        }
        var fields = ["\(target.path): request.\(source.path)"]
        var remark = "guess"
        if let target = key(gray, in: lookUpMethod), target.numbers.count == 1 {
            if let source = key(gray, in: method) {
                fields.insert("\(target.path): request.\(source.path)", at: 0)
            } else {
                remark = "decide: \(lookUpMethod.name) is asked with field \(target.path), \(target.name), too"
            }
        }
        let name = services.count == 1 ? lookUpMethod.name : fullName(lookUpMethod)
        lines.add(
            "        look_up: { method: \(name), fields: { \(fields.joined(separator: ", ")) } }", remark)
    }

    private func fullName(_ method: ServiceOutline.Method) -> String {
        let service = services.first { $0.methods.contains { $0.name == method.name && $0.input == method.input } }
        return "\(service?.name ?? "")/\(method.name)"
    }

    // MARK: - Multi queries

    private func addMultiQuery(_ name: String, _ method: ServiceOutline.Method, _ lines: inout StarterLines) {
        guard let rows = outline.repeatedMessage(of: method.output), let message = rows.message else {
            return passThrough(name, .list, "guess: its answer has no rows", &lines)
        }
        let columns = outline.scalars(of: message)
        lines.add("      \(name):")
        lines.add("        kind: multi_query", "guess")
        if let own = key(gray, in: method) { lines.add("        gray_key: \(own.key)", "\(own.written); guess") }
        lines.add("        rows:")
        lines.add("          field: \(rows.number)", rows.name)
        if let key = columns.first(where: { $0.name == record }) {
            lines.add("          key: \(key.key)", "\(key.written); guess")
        } else {
            lines.add(
                "          key: { path: \(StarterConfiguration.undecided), type: int64 }", "decide: the record key")
        }
        if let key = columns.first(where: { $0.name == gray }) {
            lines.add("          gray_key: \(key.key)", "\(key.written); guess")
        }
        lines.add("          order: []", "guess: by the record key; or [{ path: 4, type: int64 }]")
        addPages(method, &lines)
        lines.add("        confirm: off", "guess: or { method: GetMany, ... }")
    }

    private func addPages(_ method: ServiceOutline.Method, _ lines: inout StarterLines) {
        let asked = outline.fields(of: method.input)
        let answered = outline.fields(of: method.output)
        let token = asked.first { ["page_token", "cursor", "token"].contains($0.name) }
        let next = answered.first { ["next_page_token", "next_cursor", "next_token"].contains($0.name) }
        let limit = asked.first { ["page_size", "limit", "max_results", "count"].contains($0.name) }
        guard let token, let next else { return }
        let limits = limit.map { "limit: \($0.number), " } ?? ""
        let names = [limit?.name, token.name, next.name].compactMap { $0 }.joined(separator: ", ")
        let tokens = "request_token: \(token.number), response_token: \(next.number)"
        lines.add("        pages: { tokens: opaque, \(limits)\(tokens) }", "\(names); guess")
    }
}

extension ServiceOutline {
    /// The field that rows would be in.
    fileprivate func repeatedMessage(of message: String) -> Field? {
        fields(of: message).first { $0.isRepeated && $0.message != nil }
    }
}
