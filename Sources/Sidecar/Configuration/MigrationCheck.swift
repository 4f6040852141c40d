import Migration
import Stores
import WireFormat

/// Checks one migration against the upstreams and makes its configuration.
struct MigrationCheck {
    let draft: MigrationDraft
    /// Position in the configuration.
    let index: Int
    let upstreams: [UpstreamDraft]
    let issues: Issues

    /// Nil when something is wrong, which may have been reported earlier.
    func configuration() -> MigrationConfiguration? {
        let old = upstreamIndex(draft.old)
        let new = upstreamIndex(draft.new)
        if let old, let new { checkSides(old: old, new: new) }
        let entities = EntityCheck(migration: draft, issues: issues, fullName: knownName).result()
        let methods = checkMethods(entities)
        let keyForm = checkKeyForms()
        checkRecordKeyForms(entities)
        checkImmutable()
        checkDatabases()
        let records = draft.records.map { records in
            RecordsCheck(draft: records, migration: draft, upstreams: upstreams, issues: issues).configuration()
        }
        guard let old, let new else { return nil }
        let counted = records.flatMap { $0.map(recordsMethods) } ?? methods
        return MigrationConfiguration(
            name: draft.name, oldUpstream: old, newUpstream: new, services: draft.services.map(\.value),
            methods: counted, entities: records.flatMap { $0.map { [$0.entity.name] } } ?? entities.names,
            otherMethods: CallPlan(passThrough: .undeclared, migrationIndex: index, methodIndex: counted.count),
            keyForm: records.flatMap { $0.map { GrayKeyForm($0.entity.requestGrayKey) } } ?? keyForm,
            records: records.flatMap { $0 },
            grayFallback: draft.grayFallback
        )
    }

    /// A database has no services: its records are what can be moved.
    private func checkDatabases() {
        guard draft.records == nil else { return }
        for side in [draft.old, draft.new].compactMap({ $0 }) {
            guard upstreams.contains(where: { $0.name == side.value && $0.database != nil }) else { continue }
            issues.error(
                side.place,
                "\(side.value) is a database, which has no services; "
                    + "write records in this migration, or name a service")
        }
    }

    private func recordsMethods(_ records: RecordsConfiguration) -> [MethodConfiguration] {
        let plans = RecordsPlans(
            entity: records.entity, migrationIndex: index, inserts: draft.inserts, guardsInserts: draft.guardsInserts,
            grayFallback: draft.grayFallback, isGrayKeyImmutable: draft.immutableGrayKey != nil)
        return plans.methods()
    }

    private func upstreamIndex(_ name: Placed<String>?) -> Int? {
        guard let name else { return nil }
        if let index = upstreams.firstIndex(where: { $0.name == name.value }) { return index }
        // Without any upstream the missing section is the error, reported already.
        if upstreams.isEmpty { return nil }
        let near = Spelling.nearest(to: name.value, among: upstreams.map(\.name)).map { " (did you mean \($0)?)" } ?? ""
        issues.error(
            name.place,
            "unknown upstream \"\(name.value)\"; write under upstreams: \(name.value): { address: host:port }\(near)")
        return nil
    }

    private func checkSides(old: Int, new: Int) {
        guard let place = draft.new?.place else { return }
        // Two tables of one database may be the sides; the same table twice is found with the records.
        if old == new, draft.records != nil, upstreams[new].database != nil { return }
        if old == new {
            issues.error(place, "old and new are the same upstream, \(upstreams[new].name); name another one")
        } else if let address = upstreams[new].address?.value, address == upstreams[old].address?.value {
            issues.error(
                place,
                "old (\(upstreams[old].name)) and new (\(upstreams[new].name)) have the same address, \(address); "
                    + "change one"
            )
        }
    }

    private func checkMethods(_ entities: EntityCheck.Result) -> [MethodConfiguration] {
        var firstPlaces: [String: Place] = [:]
        return draft.methods.enumerated().compactMap { methodIndex, method in
            guard let (service, name) = fullName(Placed(method.name, at: method.place)) else { return nil }
            let path = "/\(service)/\(name)"
            if let first = firstPlaces[path] {
                let line = first.line.map { " on line \($0)" } ?? ""
                issues.error(method.place, "\(service)/\(name) is declared already\(line); declare it once")
                return nil
            }
            firstPlaces[path] = method.place
            let write = writePlan(method)
            guard var plan = plan(method, methodIndex) else { return nil }
            plan.entityIndex = entities.indices[methodIndex]
            return MethodConfiguration(
                service: service, name: name, plan: plan, write: write, query: queryConfiguration(method))
        }
    }

    private func writePlan(_ method: MethodDraft) -> WritePlan? {
        guard case .write(let write) = method.rule else { return nil }
        let check = WriteCheck(
            draft: write, place: method.place, migration: draft, issues: issues, fullName: fullName)
        return check.plan()
    }

    private func queryConfiguration(_ method: MethodDraft) -> MultiQueryConfiguration? {
        guard case .multiQuery(let query) = method.rule else { return nil }
        var lookUp: LookUpPlan?
        if case .method(let name, let make) = query.lookUp {
            guard let (service, name) = fullName(name), let plan = make("/\(service)/\(name)") else { return nil }
            lookUp = plan
        }
        let plan = MultiQueryPlan(rows: query.rows, lookUp: lookUp, rest: query.rest)
        return MultiQueryConfiguration(plan: plan, mayMiss: query.mayMiss)
    }

    /// The same without a word where it is none.
    private func knownName(_ method: String) -> (service: String, name: String)? {
        let services = draft.services.map(\.value)
        let parts = method.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, services.contains(parts[0]) { return (parts[0], parts[1]) }
        return parts.count == 1 && services.count == 1 ? (services[0], parts[0]) : nil
    }

    private func fullName(_ method: Placed<String>) -> (service: String, name: String)? {
        let services = draft.services.map(\.value)
        let parts = method.value.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let name = parts.last, Names.isIdentifier(name[...]) else {
            issues.error(
                method.place, "\"\(method.value)\" is no method name; write Get, or the full name package.Service/Get")
            return nil
        }
        if parts.count == 2 {
            if services.contains(parts[0]) { return (parts[0], name) }
            // An empty list is an error of its own.
            if services.isEmpty { return nil }
            let advice = Spelling.advice(for: parts[0], among: services)
            issues.error(method.place, "\"\(parts[0])\" is no service of this migration; \(advice)")
            return nil
        }
        guard let service = services.first else { return nil }
        if services.count == 1 { return (service, name) }
        issues.error(
            method.place, "the migration has several services; write the full name, like \(service)/\(name)")
        return nil
    }

    private func plan(_ method: MethodDraft, _ methodIndex: Int) -> CallPlan? {
        switch method.rule {
        case .passThrough(let effect):
            return CallPlan(passThrough: effect, migrationIndex: index, methodIndex: methodIndex)
        case .singleQuery(let routing):
            return key(routing, .singleQuery, method).map { key in
                CallPlan(
                    singleQuery: key, recordKey: recordKey(routing), absent: routing.absent,
                    grayFallback: draft.grayFallback, timeoutNanoseconds: routing.timeoutNanoseconds,
                    migrationIndex: index, methodIndex: methodIndex)
            }
        case .multiQuery(let query):
            return multiQueryPlan(query, methodIndex)
        case .write(let write):
            return key(write.routing, write.kind, method).map { key in
                CallPlan(
                    write: write.kind, key: key, absent: write.routing.absent,
                    timeoutNanoseconds: write.routing.timeoutNanoseconds, migrationIndex: index,
                    methodIndex: methodIndex, isAlwaysRead: draft.immutableGrayKey != nil && write.changesGrayKey)
            }
        }
    }

    /// The gray key of the migration is not its own: where it is not in the request, rows of any gray key are wanted.
    private func multiQueryPlan(_ query: QueryDraft, _ methodIndex: Int) -> CallPlan? {
        var key: KeyPlan?
        switch query.routing.key {
        case .broken: return nil
        case .absent: break
        case .plan(let plan): key = plan.value.required
        }
        return CallPlan(
            multiQuery: key, hasOpaqueTokens: query.rows.paging.tokens == .opaque,
            timeoutNanoseconds: query.routing.timeoutNanoseconds, migrationIndex: index, methodIndex: methodIndex)
    }

    private func key(_ routing: MethodDraft.Routing, _ kind: CallKind, _ method: MethodDraft) -> KeyPlan? {
        switch effectiveKey(routing.key) {
        case .broken: return nil
        case .absent:
            issues.error(
                method.place,
                "a method of kind \(kind.name) needs a gray key; write gray_key: { path: 1, type: string } here, "
                    + "or in the migration"
            )
            return nil
        case .plan(let key): return key.value
        }
    }

    /// Where a single query names its record: there, or where the migration says.
    private func recordKey(_ routing: MethodDraft.Routing) -> KeyPlan? {
        var key = routing.recordKey
        if case .absent = key { key = draft.recordKey }
        if case .plan(let plan) = key { return plan.value }
        return nil
    }

    private func effectiveKey(_ own: GrayKeyDraft) -> GrayKeyDraft {
        if case .absent = own { return draft.grayKey }
        return own
    }

    /// One set of keys decides for all methods, so that all must read keys of the same form.
    private func checkKeyForms() -> GrayKeyForm? {
        var plans: [Placed<KeyPlan>] = []
        if case .plan(let plan) = draft.grayKey { plans.append(plan) }
        for case .plan(let plan) in draft.methods.compactMap(\.rule.routing?.key) { plans.append(plan) }
        for case .write(let write) in draft.methods.map(\.rule) {
            if case .plan(let plan) = write.newGrayKey { plans.append(plan) }
        }
        return commonForm(plans)
    }

    /// Who says that gray keys never change says where it would be seen.
    private func checkImmutable() {
        guard let place = draft.immutableGrayKey, draft.records == nil else { return }
        let isSeen = draft.methods.contains { method in
            if case .write(let write) = method.rule { write.changesGrayKey } else { false }
        }
        guard !isSeen else { return }
        issues.error(
            place,
            "no method says where its request has a new gray key, so that none can be refused; write new_gray_key: "
                + "{ path: 3, type: string } in the updates that take one, or remove this")
    }

    /// One lane is one record, whatever the method.
    private func checkRecordKeyForms(_ entities: EntityCheck.Result) {
        for entity in entities.names.indices {
            let methods = zip(draft.methods, entities.indices).filter { $1 == entity }
            let keys = methods.compactMap { $0.0.rule.routing?.recordKey }
            var plans: [Placed<KeyPlan>] = []
            let isOnly = entities.names.count == 1
            let usesMigrations = isOnly || keys.contains { if case .absent = $0 { true } else { false } }
            if usesMigrations, case .plan(let plan) = draft.recordKey { plans.append(plan) }
            for case .plan(let plan) in keys + methods.flatMap({ $0.0.rule.keysOfDerived }) { plans.append(plan) }
            _ = commonForm(plans, of: isOnly ? "the migration" : "the entity \(entities.names[entity])")
        }
    }

    private func commonForm(_ plans: [Placed<KeyPlan>], of what: String = "the migration") -> GrayKeyForm? {
        guard let first = plans.first.map({ GrayKeyForm($0.value) }) else { return nil }
        for plan in plans.dropFirst() where GrayKeyForm(plan.value) != first {
            issues.error(
                plan.place,
                "this key is made of (\(GrayKeyForm(plan.value))), other keys of \(what) of (\(first)); "
                    + "make them alike"
            )
        }
        return first
    }
}

extension MethodDraft.Rule {
    /// The record keys of the requests that the sidecar makes.
    fileprivate var keysOfDerived: [GrayKeyDraft] {
        guard case .write(let write) = self else { return [] }
        return [write.lookUp, write.put, write.putOrInsert, write.erase].compactMap { $0?.recordKey }
    }
}
