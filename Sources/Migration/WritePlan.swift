package import WireFormat

/// What the engine knows about a method that writes, beside its `CallPlan`.
package struct WritePlan: Sendable, Equatable {
    /// Where the record key stands in the request.
    package let recordKey: KeyPlan
    /// Where inserts go at the stages `dualOld` and `dualNew`.
    package let inserts: InsertRule
    /// Whether old is asked for the record before new is given it.
    package let guardsInserts: Bool
    /// How a side is asked whether it has the record.
    package let lookUp: DerivedRequest?
    /// How a side is given a whole record in place of the one that it has: made of the other side's reply.
    package let put: DerivedRequest?
    /// The same, where a side that does not have the record makes it.
    package let putOrInsert: DerivedRequest?
    /// How a record is taken from a side that follows, whatever version and gray key it has there; nil: by the
    /// client's own call.
    package let erase: DerivedRequest?
    /// Where the gray key stands that an update gives the record; nil where no request can change it.
    package let newGrayKey: KeyPlan?
    /// The new gray key that says the same as none, canonical: what a field that is not on the wire has (contract, 6);
    /// nil where presence tells the two apart.
    package let unsetNewGrayKey: [UInt8]?
    /// Whether such an update is refused.
    package let isGrayKeyImmutable: Bool
    /// Whether the sides are stores, which can carry a call out and roll it back.
    package let tries: Bool

    /// How the request names several records; nil where it writes one.
    package let element: ElementPlan?

    package init(
        recordKey: KeyPlan, inserts: InsertRule, guardsInserts: Bool, lookUp: DerivedRequest?, put: DerivedRequest?,
        putOrInsert: DerivedRequest?, erase: DerivedRequest? = nil, newGrayKey: KeyPlan? = nil,
        isGrayKeyImmutable: Bool = false, tries: Bool = false, element: ElementPlan? = nil
    ) {
        self.recordKey = recordKey
        self.inserts = inserts
        self.guardsInserts = guardsInserts
        self.lookUp = lookUp
        self.put = put
        self.putOrInsert = putOrInsert
        self.erase = erase
        self.newGrayKey = newGrayKey?.required
        unsetNewGrayKey = newGrayKey.flatMap(Self.defaultKey)
        self.isGrayKeyImmutable = isGrayKeyImmutable
        self.tries = tries
        self.element = element
    }

    /// The gray key that an update gives its record; `missing` where it keeps its own, nil where no request can
    /// change it.
    package func newGrayKey(
        in message: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer
    ) -> KeyScan? {
        guard let found = newGrayKey?.scan(message, scratch: scratch) else { return nil }
        guard case .key(let key) = found, let unset = unsetNewGrayKey, key.elementsEqual(unset) else { return found }
        return .missing(component: 0)
    }

    /// The key of a message that has no field of it; nil where it is missing there.
    private static func defaultKey(_ plan: KeyPlan) -> [UInt8]? {
        withUnsafeTemporaryAllocation(byteCount: KeyPlan.scratchBytes, alignment: 16) { scratch in
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            guard case .key(let key) = plan.scan(nothing, scratch: scratch) else { return nil }
            return Array(key)
        }
    }

    /// By what means the sides are written.
    package var means: WriteMeans {
        WriteMeans(
            puts: PutMeans(overwrite: put != nil, insert: putOrInsert != nil), hasLookUp: lookUp != nil,
            hasErase: erase != nil, inserts: inserts, guardsInserts: guardsInserts, isInStores: tries,
            isOfSeveral: element != nil)
    }
}

/// By what means the sides are written, as far as a write's procedure depends on it.
package struct WriteMeans: Sendable, Equatable {
    package let puts: PutMeans
    package let hasLookUp: Bool
    /// A record is taken from a side that follows by a request of its own.
    package let hasErase: Bool
    package let inserts: InsertRule
    package let guardsInserts: Bool
    /// The sides are stores, which can carry a call out and roll it back.
    package let isInStores: Bool
    /// A request writes several records.
    package let isOfSeveral: Bool

    /// The machine of one call; nil for kinds that do not write, and for writes of several records.
    ///
    /// - Parameter next: the stage of the gray key that an update gives the record; nil where it keeps its own.
    package func procedure(_ kind: CallKind, at stage: Stage, to next: Stage? = nil) -> Write? {
        guard !isOfSeveral else { return nil }
        switch kind {
        case .update:
            if let next, next != stage { return Write(update: stage, to: next, puts: puts, tries: isInStores) }
            return Write(update: stage, puts: puts)
        case .delete:
            return Write(delete: stage, judgement: isInStores ? .trial : hasLookUp ? .lookUp : .none)
        case .insert: return Write(insert: stage, rule: inserts, guards: guardsInserts, puts: puts)
        case .upsert: return Write(upsert: stage, rule: inserts, puts: puts)
        case .singleQuery, .multiQuery, .passThrough: return nil
        }
    }
}

/// A request that the sidecar makes of a client's request and a side's reply.
package struct DerivedRequest: Sendable, Equatable {
    /// The `:path` of the method that it calls.
    package let path: String
    package let template: MessageTemplate
    /// Where the request that is made names its record; nil where that is not known.
    package let recordKey: KeyPlan?

    package init(path: String, template: MessageTemplate, recordKey: KeyPlan? = nil) {
        self.path = path
        self.template = template
        self.recordKey = recordKey
    }
}
