package import WireFormat

/// How a method's calls are routed.
package enum CallKind: UInt8, Sendable, CaseIterable {
    /// Finds one record: asked of the authority, and where the stage says so of the other side when it is absent.
    case singleQuery
    /// Finds any number of records: of both sides where some are on either, merged.
    case multiQuery
    /// Changes a record that is there.
    case update
    /// Changes a record, or makes it.
    case upsert
    /// Makes a record.
    case insert
    /// Takes a record away.
    case delete
    /// Any method without a declared kind, streaming included: follows the total switch.
    case passThrough

    /// As the configuration writes it.
    package var name: String {
        switch self {
        case .singleQuery: "single_query"
        case .multiQuery: "multi_query"
        case .update: "update"
        case .upsert: "upsert"
        case .insert: "insert"
        case .delete: "delete"
        case .passThrough: "pass_through"
        }
    }

    /// Changes one record, on both sides while the stage says so.
    @inlinable package var isWrite: Bool {
        switch self {
        case .update, .upsert, .insert, .delete: true
        case .singleQuery, .multiQuery, .passThrough: false
        }
    }
}

/// What the configuration says a passed-through method does to records.
package enum Effect: UInt8, Sendable, CaseIterable {
    /// The configuration does not list the method.
    case undeclared
    case read
    /// Changes records without the sidecar's double write.
    case unsafeWrite

    /// As the configuration writes it.
    package var name: String {
        switch self {
        case .undeclared: "undeclared"
        case .read: "read"
        case .unsafeWrite: "unsafe_write"
        }
    }
}

/// Everything the engine knows about one method; plain data, copied freely.
package struct CallPlan: Sendable, Equatable {
    package let kind: CallKind
    /// Where the gray key stands in the request; nil for pass-through, and for multi queries of any gray key.
    package let key: KeyPlan?
    /// Where a single query names its record; nil where the configuration does not say, and for all other kinds.
    package let recordKey: KeyPlan?
    /// The status by which a side says that it has no such record.
    package let absent: GRPCStatus
    /// Whether `absent` at stage `dualNew` asks old.
    package let grayFallback: Bool
    /// The deadline of a call whose client set none; 0 where there is none (pass-through).
    package let timeoutNanoseconds: UInt64
    package let effect: Effect
    /// Whether its requests are read at every stage, for the sake of what they may not say.
    package let isAlwaysRead: Bool
    /// Whether the page tokens of a multi query are the service's own.
    package let hasOpaqueTokens: Bool
    /// Position of the migration in the configuration.
    package let migrationIndex: Int
    /// Position of the method in its migration; one past the last declared method for calls that none declares.
    package let methodIndex: Int
    /// Position of its records' entity among those of the migration.
    package var entityIndex = 0

    package init(
        singleQuery key: KeyPlan, recordKey: KeyPlan? = nil, absent: GRPCStatus, grayFallback: Bool,
        timeoutNanoseconds: UInt64, migrationIndex: Int, methodIndex: Int
    ) {
        kind = .singleQuery
        self.key = key
        self.recordKey = recordKey
        self.absent = absent
        self.grayFallback = grayFallback
        self.timeoutNanoseconds = timeoutNanoseconds
        effect = .read
        isAlwaysRead = false
        hasOpaqueTokens = false
        self.migrationIndex = migrationIndex
        self.methodIndex = methodIndex
    }

    /// A plan of a write, whose further parts are its `WritePlan`.
    ///
    /// - Parameter isAlwaysRead: whether its requests are read at every stage.
    package init(
        write kind: CallKind, key: KeyPlan, absent: GRPCStatus, timeoutNanoseconds: UInt64, migrationIndex: Int,
        methodIndex: Int, isAlwaysRead: Bool = false
    ) {
        precondition(kind.isWrite, "a plan of a write is of a kind that writes")
        self.kind = kind
        self.key = key
        recordKey = nil
        self.absent = absent
        grayFallback = false
        self.timeoutNanoseconds = timeoutNanoseconds
        effect = .unsafeWrite
        self.isAlwaysRead = isAlwaysRead
        hasOpaqueTokens = false
        self.migrationIndex = migrationIndex
        self.methodIndex = methodIndex
    }

    /// A plan of a multi query, whose further parts are its `MultiQueryPlan`.
    package init(
        multiQuery key: KeyPlan?, hasOpaqueTokens: Bool = false, timeoutNanoseconds: UInt64, migrationIndex: Int,
        methodIndex: Int
    ) {
        kind = .multiQuery
        self.key = key
        recordKey = nil
        absent = .notFound
        grayFallback = false
        self.timeoutNanoseconds = timeoutNanoseconds
        effect = .read
        isAlwaysRead = false
        self.hasOpaqueTokens = hasOpaqueTokens
        self.migrationIndex = migrationIndex
        self.methodIndex = methodIndex
    }

    package init(passThrough effect: Effect, migrationIndex: Int, methodIndex: Int) {
        kind = .passThrough
        key = nil
        recordKey = nil
        absent = .notFound
        grayFallback = false
        timeoutNanoseconds = 0
        self.effect = effect
        isAlwaysRead = false
        hasOpaqueTokens = false
        self.migrationIndex = migrationIndex
        self.methodIndex = methodIndex
    }

    /// Whether a call may change something: a method that nobody has declared to read is taken to write.
    @inlinable package var mayWrite: Bool { kind.isWrite || kind == .passThrough && effect != .read }

    /// Whether a call whose stage is the same for every key must be read all the same.
    ///
    /// - Parameter isHeld: whether a change of the migration's switches is under way.
    @inlinable package func mustRead(at stage: Stage, isHeld: Bool) -> Bool {
        if kind == .multiQuery { return stage == .dualOld || stage == .dualNew || readsToken(at: stage) }
        return kind.isWrite && (stage.isDouble || isHeld || isAlwaysRead)
    }

    /// A page token of both sides is not for one of them to read (`walk-interrupted`); at stage `old` nothing is read.
    @inlinable package func readsToken(at stage: Stage) -> Bool { hasOpaqueTokens && stage != .old }

    /// What a side's final status means to the call's machine.
    @inlinable package func outcome(of status: GRPCStatus) -> SingleQuery.Outcome {
        if status == .ok { return .ok }
        return status == absent ? .absent : .failed(status)
    }
}
