/// What a call would do at a stage, found by playing its own machine against sides that have the record, and against
/// ones of which the first does not: nothing in it is written down a second time.
package struct CallForecast: Sendable, Equatable {
    /// What is asked, in order, when both sides have the record; of an insert, when neither has it.
    package let usual: [String]
    /// The same when the side that is asked first does not have the record; nil where that changes nothing.
    package let absent: [String]?

    init(usual: [String], absent: [String]?) {
        self.usual = usual
        self.absent = absent
    }

    /// - Parameter next: the stage of the gray key that an update gives the record; nil where it keeps its own.
    package init(_ plan: CallPlan, write: WritePlan?, at stage: Stage, to next: Stage? = nil) {
        let authority = "\(stage.authority.name)"
        switch plan.kind {
        // It follows the total switch, which is off at these stages.
        case .passThrough:
            (usual, absent) = ([stage == .dualNew ? "old" : authority], nil)
        case .multiQuery:
            let isMerged = stage == .dualOld || stage == .dualNew
            (usual, absent) = (isMerged ? ["old and new, merged by what \(authority) says"] : [authority], nil)
        case .singleQuery:
            let query = SingleQuery(stage: stage, grayFallback: plan.grayFallback)
            (usual, absent) = ([authority], Self.play(query))
        case .update, .upsert, .insert, .delete:
            if stage.isDouble, write?.element != nil {
                (usual, absent) = (["refused, since it writes several records"], nil)
                return
            }
            let isOnBoth = stage.isDouble || next.map { $0 != stage } ?? false
            guard isOnBoth, let machine = write?.means.procedure(plan.kind, at: stage, to: next) else {
                (usual, absent) = ([authority], nil)
                return
            }
            usual = Self.play(machine, firstIsAbsent: false, plan.kind)
            let other = Self.play(machine, firstIsAbsent: true, plan.kind)
            absent = other == usual ? nil : other
        }
    }

    /// The asks of a query whose first side does not have the record.
    private static func play(_ query: SingleQuery) -> [String]? {
        var query = query
        guard case .ask(let first) = query.start(), case .ask(let second) = query.replied(.absent) else { return nil }
        return ["\(first.name)", "\(second.name)"]
    }

    private static func play(_ write: Write, firstIsAbsent: Bool, _ kind: CallKind) -> [String] {
        let isInsert = kind == .insert
        var write = write
        var steps: [String] = []
        var action = write.start()
        while let step = text(action, kind) {
            var outcome = WriteOutcome.accepted
            if case .lookUp = action, isInsert { outcome = .absent }
            if firstIsAbsent, steps.isEmpty, !isInsert { outcome = .absent }
            steps.append(step)
            action = write.replied(outcome)
        }
        return steps
    }

    /// Nil at the end.
    private static func text(_ action: WriteAction, _ kind: CallKind) -> String? {
        switch action {
        case .call(let side): "\(side.name)"
        case .put(let side, .overwrite): "\(side.name) is given the record if it has one"
        case .put(let side, .overwriteOrInsert), .place(let side): "\(side.name) is given the record"
        case .lookUp(let side): "look up on \(side.name)"
        case .tryCall(let side): "try on \(side.name)"
        case .erase(let side), .eraseFound(let side):
            kind == .delete ? "\(side.name)" : "\(side.name) loses its row"
        case .end, .ignore: nil
        }
    }
}
