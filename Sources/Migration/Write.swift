/// A write at a stage of double writes, whatever its kind: one event in, one action out.
///
/// It is one record's write in that record's lane; one ask is out at a time. Without a journal it behaves as the
/// contract's policy `strict`: it ends when both sides have answered. Run by `RecordWrite`.
package struct Write: Sendable, Equatable {
    private enum Machine: Sendable, Equatable {
        case update(UpdateWrite)
        case grayKeyUpdate(GrayKeyUpdate)
        case delete(DeleteWrite)
        case insert(InsertWrite)
        case upsert(UpsertWrite)
        case single(SingleWrite)
    }

    private var machine: Machine

    package init(update stage: Stage, puts: PutMeans) { machine = .update(UpdateWrite(stage: stage, puts: puts)) }

    /// - Parameters:
    ///   - present: the stage of the gray key that the record has.
    ///   - next: another one, of the gray key that the update gives it.
    ///   - tries: whether a side can try the update out and roll it back.
    package init(update present: Stage, to next: Stage, puts: PutMeans, tries: Bool) {
        machine = .grayKeyUpdate(GrayKeyUpdate(from: present, to: next, puts: puts, tries: tries))
    }

    package init(delete stage: Stage, judgement: DeleteJudgement) {
        machine = .delete(DeleteWrite(stage: stage, judgement: judgement))
    }

    /// - Parameter guards: ask old for the record before new is given it.
    package init(insert stage: Stage, rule: InsertRule, guards: Bool, puts: PutMeans) {
        machine = .insert(InsertWrite(stage: stage, rule: rule, guards: guards, puts: puts))
    }

    /// The client's call goes to one side, and its reply is the answer.
    package init(only side: Side) { machine = .single(SingleWrite(side: side)) }

    package init(upsert stage: Stage, rule: InsertRule, puts: PutMeans) {
        machine = .upsert(UpsertWrite(stage: stage, rule: rule, puts: puts))
    }

    package mutating func start() -> WriteAction {
        step(
            update: { $0.start() }, grayKeyUpdate: { $0.start() }, delete: { $0.start() }, insert: { $0.start() },
            upsert: { $0.start() }, single: { $0.start() }
        )
    }

    /// The ask that is out has ended.
    package mutating func replied(_ outcome: WriteOutcome) -> WriteAction {
        step(
            update: { $0.replied(outcome) }, grayKeyUpdate: { $0.replied(outcome) }, delete: { $0.replied(outcome) },
            insert: { $0.replied(outcome) }, upsert: { $0.replied(outcome) },
            single: { $0.replied(outcome) }
        )
    }

    private mutating func step(
        update: (inout UpdateWrite) -> WriteAction, grayKeyUpdate: (inout GrayKeyUpdate) -> WriteAction,
        delete: (inout DeleteWrite) -> WriteAction, insert: (inout InsertWrite) -> WriteAction,
        upsert: (inout UpsertWrite) -> WriteAction, single: (inout SingleWrite) -> WriteAction
    ) -> WriteAction {
        switch machine {
        case .update(var write):
            defer { machine = .update(write) }
            return update(&write)
        case .grayKeyUpdate(var write):
            defer { machine = .grayKeyUpdate(write) }
            return grayKeyUpdate(&write)
        case .delete(var write):
            defer { machine = .delete(write) }
            return delete(&write)
        case .insert(var write):
            defer { machine = .insert(write) }
            return insert(&write)
        case .upsert(var write):
            defer { machine = .upsert(write) }
            return upsert(&write)
        case .single(var write):
            defer { machine = .single(write) }
            return single(&write)
        }
    }
}
