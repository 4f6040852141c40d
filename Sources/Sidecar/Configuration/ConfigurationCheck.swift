import EventLoop
import Migration
import WireFormat

/// Checks a draft as a whole and makes the configuration of it; what is wrong goes to `issues`.
struct ConfigurationCheck {
    let draft: ConfigurationDraft
    let file: String
    let issues: Issues
    /// The file.
    let document: DocumentNode

    /// Nil when something is wrong.
    func configuration() -> Configuration? {
        checkAddresses()
        let ordered = draft.upstreams.filter { $0.database == nil } + draft.upstreams.filter { $0.database != nil }
        let migrations = draft.migrations.enumerated().map { index, migration in
            MigrationCheck(draft: migration, index: index, upstreams: ordered, issues: issues).configuration()
        }
        checkServices()
        checkEntities()
        warnOfUnusedUpstreams()
        let passThroughIndex = passThroughIndex()
        let upstreams = draft.upstreams.compactMap { upstream in
            upstream.address.map { Upstream(name: upstream.name, address: $0.value) }
        }
        let databases = draft.upstreams.compactMap { upstream in
            upstream.database.map { DatabaseUpstream(name: upstream.name, path: $0.value) }
        }
        guard issues.errors.isEmpty else { return nil }
        let checked = migrations.compactMap { $0 }
        return Configuration(
            file: file, listen: draft.listen.value, stats: draft.stats?.value, control: draft.control,
            switches: draft.switches, workers: draft.workers, allowRemote: draft.allowRemote, upstreams: upstreams,
            databases: databases, migrations: checked,
            passThrough: passThroughIndex.map { checked[$0].otherMethods },
            isPassThroughDeclared: draft.passThrough != nil, limits: draft.limits,
            log: draft.log, accessLogSample: draft.accessLogSample, drain: draft.drain, warnings: issues.warnings,
            document: document
        )
    }

    private func checkAddresses() {
        for (name, address) in [("listen", draft.listen), ("stats", draft.stats)] {
            guard let address, !address.value.isLoopback, !draft.allowRemote else { continue }
            let local = name == "listen" ? Configuration.defaultListen : Configuration.defaultStats
            issues.error(
                address.place,
                "\(address.value) can be reached from other machines; write \(local), "
                    + "or allow it: allow_remote: true (--allow-remote)"
            )
        }
        if let stats = draft.stats, isSame(stats.value, draft.listen.value) {
            issues.error(stats.place, "\(stats.value) is the data port's address already; write another port, or off")
        }
        for upstream in draft.upstreams {
            guard let address = upstream.address, isSame(address.value, draft.listen.value) else { continue }
            issues.error(address.place, "\(address.value) is the sidecar's own data port; write the service's address")
        }
    }

    /// Two listeners on port 0 get two ports.
    private func isSame(_ one: Address, _ other: Address) -> Bool {
        if case .tcp(_, 0) = one { return false }
        return one == other
    }

    private func checkServices() {
        var owners: [String: Placed<String>] = [:]
        for migration in draft.migrations {
            for service in migration.services {
                if let owner = owners[service.value] {
                    let other = owner.value == migration.name ? "this migration" : "migration \(owner.value)"
                    let line = owner.place.line.map { " on line \($0)" } ?? ""
                    issues.error(service.place, "\(service.value) belongs to \(other) already\(line); name it once")
                } else {
                    owners[service.value] = Placed(migration.name, at: service.place)
                }
            }
        }
    }

    /// A Records call says by its entity alone which migration it belongs to.
    private func checkEntities() {
        var owners: [String: Placed<String>] = [:]
        for migration in draft.migrations {
            guard let records = migration.records else { continue }
            let entity = records.entity ?? Placed(migration.name, at: records.place)
            if let owner = owners[entity.value] {
                let line = owner.place.line.map { " on line \($0)" } ?? ""
                issues.error(
                    entity.place,
                    "entity \(entity.value) belongs to migration \(owner.value) already\(line); name it once")
            } else {
                owners[entity.value] = Placed(migration.name, at: entity.place)
            }
        }
    }

    private func warnOfUnusedUpstreams() {
        let used = Set(draft.migrations.flatMap { [$0.old?.value, $0.new?.value] }.compactMap { $0 })
        for upstream in draft.upstreams where !used.contains(upstream.name) {
            issues.warn(upstream.place, "no migration uses this upstream; remove it, or name it as old or new")
        }
    }

    private func passThroughIndex() -> Int? {
        let names = draft.migrations.map(\.name)
        guard let passThrough = draft.passThrough else {
            return names.count == 1 && draft.migrations[0].records == nil ? 0 : nil
        }
        if passThrough.value == "off" { return nil }
        if let index = names.firstIndex(of: passThrough.value) {
            guard draft.migrations[index].records != nil else { return index }
            issues.error(
                passThrough.place,
                "migration \(passThrough.value) moves records, whose sides take no other calls; "
                    + "write a migration of services, or off")
            return nil
        }
        let advice = Spelling.advice(for: passThrough.value, among: names + ["off"])
        issues.error(passThrough.place, "unknown migration \"\(passThrough.value)\"; \(advice)")
        return nil
    }
}
