import Migration
import WireFormat

/// Checks one method that writes, and makes its plans.
struct WriteCheck {
    let draft: WriteDraft
    /// Where the method is declared.
    let place: Place
    let migration: MigrationDraft
    let issues: Issues
    /// The full name of a method of the migration's services; nil, and reported, when it is none.
    let fullName: (Placed<String>) -> (service: String, name: String)?

    func plan() -> WritePlan? {
        let recordKey = effectiveRecordKey()
        let lookUp = derived(draft.lookUp)
        let put = derived(draft.put)
        let putOrInsert = derived(draft.putOrInsert)
        let erase = derived(draft.erase)
        if let element = draft.element {
            checkElement(element)
        } else {
            checkSources()
            checkNeeds()
        }
        guard let recordKey else { return nil }
        if draft.element == nil { checkNewGrayKey(recordKey.value) }
        var newGrayKey: KeyPlan?
        if case .plan(let plan) = draft.newGrayKey { newGrayKey = plan.value }
        return WritePlan(
            recordKey: recordKey.value, inserts: migration.inserts, guardsInserts: migration.guardsInserts,
            lookUp: lookUp, put: put, putOrInsert: putOrInsert, erase: erase, newGrayKey: newGrayKey,
            isGrayKeyImmutable: migration.immutableGrayKey != nil, element: draft.element.map(element))
    }

    private func effectiveRecordKey() -> Placed<KeyPlan>? {
        var key = draft.routing.recordKey
        if case .absent = key { key = migration.recordKey }
        switch key {
        case .plan(let plan): return plan
        case .broken: return nil
        case .absent:
            issues.error(
                place,
                "a method of kind \(draft.kind.name) needs a record key; write record_key: { path: 1, type: int64 } "
                    + "here, or in the migration")
            return nil
        }
    }

    /// A gray key of the method's own stands in each element, the migration's in the request.
    private func element(_ field: Placed<UInt32>) -> ElementPlan {
        if case .plan(let key) = draft.routing.key { return ElementPlan(field: field.value, grayKey: key.value) }
        return ElementPlan(field: field.value, grayKey: nil)
    }

    private func checkElement(_ element: Placed<UInt32>) {
        let derived = [draft.lookUp, draft.put, draft.putOrInsert, draft.erase].compactMap { $0 }
        for request in derived {
            issues.error(
                request.place, "a method with element writes several records, and on one side only; remove this")
        }
        if draft.changesGrayKey {
            issues.error(
                element.place, "a method with element cannot have a new_gray_key; remove one of the two")
        }
        issues.warn(
            place,
            "several records are not written in one call while both sides are written: at dualOld, dualNew and "
                + "newMirrored these calls are refused (several-records); have them written one by one before you enrol"
        )
    }

    /// A record whose gray key changes may have to be made on one side and be taken from the other.
    private func checkNewGrayKey(_ recordKey: KeyPlan) {
        guard case .plan(let newKey) = draft.newGrayKey else {
            if let erase = draft.erase {
                issues.error(
                    erase.place,
                    "an update takes a record from a side only when it changes the gray key; write new_gray_key too, "
                        + "or remove this")
            }
            return
        }
        guard migration.immutableGrayKey == nil, draft.kind == .update else { return }
        let missing = [("put_or_insert", draft.putOrInsert == nil), ("erase", draft.erase == nil)].filter(\.1).map(\.0)
        if !missing.isEmpty {
            issues.error(
                newKey.place,
                "a record with another gray key may belong to another side; write "
                    + "\(missing.joined(separator: " and ")) too, or immutable_gray_key: on in the migration")
        }
        var key = draft.routing.key
        if case .absent = key { key = migration.grayKey }
        guard case .plan(let key) = key else { return }
        let grayPaths = (0..<key.value.count).map { key.value[$0].path }
        if (0..<recordKey.count).contains(where: { grayPaths.contains(recordKey[$0].path) }) {
            issues.error(
                newKey.place,
                "the gray key is a part of the record key, so that a change of it makes another record; remove "
                    + "new_gray_key, or a part of record_key")
        }
    }

    private func derived(_ draft: DerivedDraft?) -> DerivedRequest? {
        guard let draft, let (service, name) = fullName(draft.method) else { return nil }
        return DerivedRequest(
            path: "/\(service)/\(name)", template: draft.template, recordKey: recordKey(of: draft, service, name))
    }

    /// Where the request that is made has its record key, as it or the method itself says.
    private func recordKey(of draft: DerivedDraft, _ service: String, _ name: String) -> KeyPlan? {
        switch draft.recordKey {
        case .plan(let plan): return plan.value
        case .broken: return nil
        case .absent: break
        }
        let names = ["\(service)/\(name)"] + (migration.services.count == 1 ? [name] : [])
        guard let method = migration.methods.first(where: { names.contains($0.name) }) else { return nil }
        let routing: MethodDraft.Routing
        switch method.rule {
        case .singleQuery(let query): routing = query
        case .write(let write) where write.element == nil: routing = write.routing
        case .write, .multiQuery, .passThrough: return nil
        }
        var key = routing.recordKey
        if case .absent = key { key = migration.recordKey }
        if case .plan(let plan) = key { return plan.value }
        return nil
    }

    private func checkSources() {
        if let lookUp = draft.lookUp, lookUp.template.readsReply {
            issues.error(lookUp.place, "a look_up comes before any reply; take its fields from the request")
        }
        for put in [draft.put, draft.putOrInsert] {
            guard let put, !put.template.readsReply else { continue }
            issues.error(
                put.place, "a side is given the record of the other side's reply; take a field from reply, like reply.1"
            )
        }
        guard draft.kind == .delete, let put = draft.putOrInsert, draft.lookUp == nil else { return }
        issues.error(
            put.place,
            "a delete gives no record back, so that put_or_insert does nothing; write look_up instead, by which the "
                + "delete is judged before a side is changed")
    }

    private func checkNeeds() {
        guard draft.lookUp == nil else { return }
        if draft.kind == .upsert {
            issues.error(
                place,
                "an upsert needs to know whether the record is there; write look_up: { method: Get, fields: ... }")
        }
        if draft.kind == .insert, migration.guardsInserts, migration.inserts != .old {
            issues.error(
                place,
                "old is asked for the record before new is given it; write look_up: { method: Get, fields: ... }, or "
                    + "insert_guard: false in the migration where keys are unique by construction")
        }
    }
}
