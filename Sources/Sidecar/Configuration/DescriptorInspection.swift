import Migration
import WireFormat

/// Compares what a configuration says of services with their descriptor: that every named service and method is there,
/// and that every field path leads to a field of the type that is written. Nothing is asked over the network.
package struct DescriptorInspection {
    private let configuration: Configuration
    private let outline: ServiceOutline
    private let source: String
    private let issues = Issues()

    /// - Parameters:
    ///   - descriptor: a serialized `google.protobuf.FileDescriptorSet`.
    ///   - source: its name.
    package init(
        of configuration: Configuration, descriptor: [UInt8], source: String
    ) throws(StarterConfiguration.Fault) {
        self.configuration = configuration
        self.source = source
        outline = try ServiceOutline(descriptor, source: source)
        for migration in configuration.migrations where migration.records == nil { check(migration) }
        noteServicesThatNobodyNames()
        if configuration.migrations.allSatisfy({ $0.records != nil }) {
            issues.warn(place([]), "no migration names services, so that there is nothing to compare with \(source)")
        }
    }

    /// What is wrong, in the order of the file's lines.
    package var problems: [Diagnostic] { InvalidFile(issues.errors).diagnostics }
    /// What is doubtful.
    package var warnings: [Diagnostic] { InvalidFile(issues.warnings).diagnostics }

    // MARK: - Services and methods

    private func check(_ migration: MigrationConfiguration) {
        let known = outline.services.map(\.name)
        for service in migration.services {
            let place = place(["migrations", migration.name, "services"])
            guard let found = outline.services.first(where: { $0.name == service }) else {
                issues.error(
                    place, "\(source) has no service \(service); \(Spelling.advice(for: service, among: known))")
                continue
            }
            check(found, of: migration)
        }
    }

    private func check(_ service: ServiceOutline.Service, of migration: MigrationConfiguration) {
        let known = service.methods.map(\.name)
        let declared = migration.methods.filter { $0.service == service.name }
        for method in declared {
            let place = self.place(of: method, migration)
            guard let found = service.methods.first(where: { $0.name == method.name }) else {
                let missing = known.filter { name in !declared.contains { $0.name == name } }
                let advice = Spelling.advice(for: method.name, among: missing.isEmpty ? known : missing)
                issues.error(place, "\(service.name) has no method \(method.name); \(advice)")
                continue
            }
            check(method, as: found, migration)
        }
        for name in known where !declared.contains(where: { $0.name == name }) {
            issues.warn(
                place(["migrations", migration.name, "methods"]),
                "\(service.name)/\(name) is not listed: its calls follow the total switch, and no move goes forward "
                    + "once it was called; write \(name): { kind: pass_through, effect: read } (or unsafe_write), or "
                    + "its kind"
            )
        }
    }

    private func check(
        _ method: MethodConfiguration, as found: ServiceOutline.Method, _ migration: MigrationConfiguration
    ) {
        let place = self.place(of: method, migration)
        guard method.plan.kind != .passThrough else { return }
        if found.streamsIn || found.streamsOut {
            issues.error(
                place,
                "\(method.name) is a stream, which only pass_through takes; write kind: pass_through, effect: read (or "
                    + "unsafe_write)")
            return
        }
        let messages = DescriptorMessages(outline, issues, source: source)
        let at = { (key: String) in self.place(of: method, migration, key) }
        if method.write?.element?.grayKey == nil || method.write?.element == nil {
            if let key = method.plan.key { messages.check(key, in: found.input, "gray key", at("gray_key")) }
        }
        if let write = method.write { check(write, of: method, as: found, messages, at) }
        if let query = method.query {
            DescriptorQueryCheck(messages: messages, method: found, outline: outline, at: at).check(
                query.plan, service: method.service)
        }
    }

    private func check(
        _ write: WritePlan, of method: MethodConfiguration, as found: ServiceOutline.Method,
        _ messages: DescriptorMessages, _ at: (String) -> Place
    ) {
        if let element = write.element {
            guard let inner = messages.repeatedMessage(element.field, in: found.input, at("element")) else { return }
            if let key = element.grayKey { messages.check(key, in: inner, "gray key", at("gray_key")) }
            messages.check(write.recordKey, in: inner, "record key", at("record_key"))
            return
        }
        messages.check(write.recordKey, in: found.input, "record key", at("record_key"))
        if let key = write.newGrayKey { messages.check(key, in: found.input, "new gray key", at("new_gray_key")) }
        // The record that a deleted one is put back from is what look_up found.
        var reply: String? = found.output
        if method.plan.kind == .delete { reply = write.lookUp.flatMap { self.method($0.path)?.output } }
        let requests = [
            ("look_up", write.lookUp), ("put", write.put), ("put_or_insert", write.putOrInsert), ("erase", write.erase),
        ]
        for case (let key, let request?) in requests {
            guard let target = self.method(request.path) else {
                let known = outline.services.flatMap { service in service.methods.map { "\(service.name)/\($0.name)" } }
                let name = String(request.path.dropFirst())
                issues.error(at(key), "\(source) has no method \(name); \(Spelling.advice(for: name, among: known))")
                continue
            }
            if target.streamsIn || target.streamsOut {
                issues.error(
                    at(key),
                    "\(target.name) is a stream, and the sidecar asks with one message for one; name another method")
                continue
            }
            messages.check(request.template, makes: target.input, request: found.input, reply: reply, at(key))
        }
    }

    /// The method of a `:path`.
    private func method(_ path: String) -> ServiceOutline.Method? { outline.method(path: path) }

    private func noteServicesThatNobodyNames() {
        let named = Set(configuration.migrations.flatMap(\.services))
        let others = outline.services.map(\.name).filter { !named.contains($0) && !Names.isInfrastructure($0.utf8) }
        guard !others.isEmpty, !named.isEmpty else { return }
        let fate =
            configuration.passThrough.map {
                "its calls follow the total switch of \(configuration.migrations[$0.migrationIndex].name)"
            } ?? "its calls get UNIMPLEMENTED"
        for service in others {
            issues.warn(place(["migrations"]), "no migration names \(service) of \(source): \(fate)")
        }
    }

    // MARK: - Places

    private func place(of method: MethodConfiguration, _ migration: MigrationConfiguration, _ key: String? = nil)
        -> Place
    {
        for name in [method.name, "\(method.service)/\(method.name)"] {
            let path = ["migrations", migration.name, "methods", name]
            guard configuration.document.line(of: path[...]) != nil else { continue }
            let inner = path + (key.map { [$0] } ?? [])
            if configuration.document.line(of: inner[...]) != nil { return place(inner) }
            // The migration's own key is the method's where it has none.
            let outer = ["migrations", migration.name] + (key.map { [$0] } ?? [])
            if key != nil, let line = configuration.document.line(of: outer[...]) {
                return Place(file: configuration.file, line: line, path: outer.joined(separator: "."))
            }
            return place(path)
        }
        return place(["migrations", migration.name, "methods"])
    }

    private func place(_ path: [String]) -> Place {
        Place(
            file: configuration.file, line: path.isEmpty ? nil : configuration.document.line(of: path[...]),
            path: path.joined(separator: "."))
    }
}
