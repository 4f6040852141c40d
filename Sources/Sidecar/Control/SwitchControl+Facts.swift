import Migration
import Stores
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// What only the databases know of a change of the switches.
struct StoreFacts: Sendable {
    /// Nil where it could not be asked.
    var newHoldsRecords: Bool?
    /// Of the keys that leave new; nil where they could not be counted.
    var newOnly: NewOnlyRecords?
}

/// What is known of a change of the switches; `Move` says what that means.
extension SwitchControl {
    func move(_ plan: PlannedChange, _ stores: StoreFacts) throws(ControlFault) -> Move {
        var facts = MoveFacts()
        facts.insertsIntoNewOnly = inserts(plan).contains(.new)
        facts.insertsIntoOldOnly = inserts(plan).contains(.old)
        facts.fallsBackToOld = configuration.migrations[plan.index].grayFallback
        facts.newOnlyRecords = stores.newOnly
        facts.dirtyRecords = UInt64(records.unrest(of: plan.index, pinned: false, at: now).dirty)
        facts.newHoldsRecords = stores.newHoldsRecords
        takeCalls(of: plan.index, into: &facts)
        let history = try history(of: plan.index, inFile: plan.before)
        facts.unknownBefore = wroteBothSidesBefore(plan.index, history) ? started : nil
        let hasBegun = beganRecord.contains(migrations[plan.index].name) && history.hasNothingBefore
        facts.hasUnseenWrites = facts.unknownBefore != nil && !hasBegun
        facts.leftEnrolled = history.leftEnrolled(before: plan.before.epoch)
        do {
            facts.grayNotEnrolled = try plan.grayNotEnrolled()
            facts.moves = try plan.moves()
        } catch {
            throw ControlFault(.resourceExhausted, "\(error)")
        }
        return Move(from: plan.before.state, to: plan.after.state, facts: facts)
    }

    /// What the configuration names, held against what is called.
    private func takeCalls(of index: Int, into facts: inout MoveFacts) {
        let migration = configuration.migrations[index]
        facts.unlistedMethods = board.unlistedMethods(of: index)
        let (never, unnamed) = (servicesNeverCalled(index), board.unnamedServices)
        // Where nobody calls anything, a service that is not called says nothing.
        if !never.isEmpty, !unnamed.isEmpty || hasCalls { facts.servicesNeverCalled = never }
        if configuration.passThrough?.migrationIndex == index, !configuration.isPassThroughDeclared {
            facts.servicesNotNamed = unnamed
        }
        let passed = migration.methods.filter { $0.plan.kind == .passThrough }
        facts.totalSwitchMethods = passed.filter { $0.plan.effect == .read }.map(\.name)
        facts.passedWrites = passed.filter { $0.plan.effect == .unsafeWrite }.map(\.name)
        if migration.records == nil {
            facts.methodsWithoutRest = migration.methods.filter { $0.query?.plan.rest == .dropped }.map(\.name)
        }
    }

    /// Services of the migration that have not been called since the start.
    func servicesNeverCalled(_ index: Int) -> [String] {
        let snapshot = snapshot
        return configuration.migrations[index].services.filter {
            !snapshot.hasCalls(ofService: $0) && !board.hasUnlistedCalls(ofService: $0)
        }
    }

    /// Whether a service that some migration names has been called.
    private var hasCalls: Bool {
        let snapshot = snapshot
        return configuration.migrations.indices.contains { index in
            configuration.migrations[index].services.contains {
                snapshot.hasCalls(ofService: $0) || board.hasUnlistedCalls(ofService: $0)
            }
        }
    }

    /// Whether records of the migration were written on both sides before this process started, as far as the audit
    /// file tells: what became of those writes it does not know.
    func wroteBothSidesBefore(_ index: Int, _ history: SwitchHistory) -> Bool {
        guard let first = board.status.firstEpochs[index] else { return true }
        return history.wroteBothSides(upTo: first)
    }

    /// Where the migration's methods insert while records are written on both sides.
    private func inserts(_ plan: PlannedChange) -> [InsertRule] {
        configuration.migrations[plan.index].methods.filter { $0.plan.kind == .insert || $0.plan.kind == .upsert }
            .compactMap(\.write?.inserts)
    }

    // MARK: - Asking the databases

    /// What is not to be known of a service stays nil. `tell` is called on the control loop.
    func askStores(_ plan: PlannedChange, _ tell: @escaping @Sendable (StoreFacts) -> Void) {
        var facts = MoveFacts()
        facts.insertsIntoNewOnly = inserts(plan).contains(.new)
        switch Move(from: plan.before.state, to: plan.after.state, facts: facts).question {
        case .none: tell(StoreFacts())
        case .whetherNewHoldsRecords:
            askWhetherNewHoldsRecords(plan.index) { tell(StoreFacts(newHoldsRecords: $0)) }
        case .whatNewAloneHas:
            let scan = NewOnlyScan(
                plan, configuration.migrations[plan.index], errands: errands, mailbox: mailbox, now: now)
            guard let scan else { return tell(StoreFacts()) }
            scan.start { tell(StoreFacts(newOnly: $0)) }
        }
    }

    func askWhetherNewHoldsRecords(_ index: Int, _ tell: @escaping @Sendable (Bool?) -> Void) {
        guard let records = configuration.migrations[index].records else { return tell(nil) }
        let message = Switchover_V1_QueryRequest.with {
            $0.entity = records.entity.name
            $0.limit = 1
        }.bytes
        ask(.new, index, .query, message) { answer in
            guard case .message(let bytes) = answer else { return tell(nil) }
            tell((try? Switchover_V1_QueryResponse(serializedBytes: bytes)).map { !$0.records.isEmpty })
        }
    }

    /// Asks a side whose records are in a database; `tell` is called on the control loop.
    func ask(
        _ side: Side, _ index: Int, _ operation: StoreOperation, _ message: [UInt8],
        _ tell: @escaping @Sendable (SideAnswer) -> Void
    ) {
        let request = SideRequest(
            side: side, migration: index, what: .operation(operation), message: message,
            deadline: now + Self.sideNanoseconds)
        errands.run(request, answerTo: mailbox, tell)
    }
}
