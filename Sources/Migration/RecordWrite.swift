import WireFormat

/// One write of one record: takes the record's lane, is decided at its turn, has the sides asked as its procedure says
/// (`Write`), answers its client, and says what it leaves behind.
///
///     ready --start--> entering --free--> looking --> claiming --> checking room --> asking --procedure's end--> over
///                      entering --held--> waiting --its turn--> looking
///     looking --it moves the record to or from a stage of one side--> searching --those of one side counted--> looking
///     looking --some of them run--> entering
///     claiming --a change holds its key--> held --change made--> looking
///     looking --its gray key is to be looked up--> over
///     entering, waiting, held --client gone, too late, lane full or closed, change taken back--> over
///     searching --client gone, too late--> abandoned --counted--> over
///     asking --client gone or too late, and no side was asked for a change--> over
///
/// Until a side has been asked for a change it is dropped with its client; from then on it runs to its end whether or
/// not somebody waits for the answer. Run by `WriteRunner` of the sidecar, which carries the steps out.
package struct RecordWrite: Sendable {
    enum State: Sendable, Equatable {
        case ready
        case entering
        case waiting
        case looking
        case searching
        case abandoned
        case claiming
        case held
        case checkingRoom
        case asking
        case over
    }

    let kind: CallKind
    let means: WriteMeans
    let grayKeys: WriteGrayKeys
    private let hasClientDeadline: Bool
    var state = State.ready
    /// Writes of one side take the record's lane because of it, and those before were looked for.
    private var hasBegunMove = false
    /// The stage of the gray key that the record is to have, while its turn is claimed.
    private var next: Stage?
    /// Where what is inserted is, whatever was to happen to the record of that key that was deleted.
    private var placeOfInsert: Stage?

    // What follows is of a decided write: `RecordWrite+Asking`.
    var procedure: Write
    /// What it is decided by.
    package internal(set) var stage: Stage?
    /// The stage of the gray key that it gives the record, where that is another one.
    var movesTo: Stage?
    /// It goes to one side alone: nobody follows.
    var isSingle = false
    var asks: UInt8 = 0
    /// The ask whose answer the procedure waits for.
    var current: WriteAsk?
    var lastAsked: Side?
    var lastWasPut = false
    var hasAskedForChange = false
    /// The ask that is awaited is the first one for a change.
    package internal(set) var isFirstChange = false
    /// The first side refuses what the second cannot hold.
    var checksFollower = true
    /// The side that could not be sent a call which its follower cannot hold: the follower is asked whether it has the
    /// record.
    var misfit: Side?
    /// By side, the reply that the client may be given: to its own call, or a refusal.
    var replies: (old: Reply?, new: Reply?)
    /// The last reply to the client's call that a side accepted: what the record is now.
    var written: UInt8?
    /// What the look-up found: what the record was.
    var found: UInt8?
    /// The follower has changed what it was given.
    package internal(set) var isKeptOtherwise = false
    /// Sides that do not have the record any more, and whether one of them had it.
    var gone: SideSet = []
    var hasErased = false

    struct Reply: Sendable, Equatable {
        let ask: UInt8
        let status: GRPCStatus
    }

    /// - Parameter hasClientDeadline: else the method's time-out counts, but not where the write goes to `old` alone
    ///   (contract, 7).
    package init(
        _ kind: CallKind, _ means: WriteMeans, _ grayKeys: WriteGrayKeys, hasClientDeadline: Bool = true
    ) {
        self.hasClientDeadline = hasClientDeadline
        self.kind = kind
        self.means = means
        self.grayKeys = grayKeys
        procedure = Write(only: .old)
    }

    /// Nothing more will be asked, and nothing is waited for.
    package var isOver: Bool { state == .over }

    /// The side asked last, or else the first that was; nil while none was asked for a change.
    package var sentWrite: Side? { hasAskedForChange ? current?.side ?? lastAsked : nil }

    package mutating func start() -> WriteSteps {
        guard state == .ready else { return unexpected("start") }
        state = .entering
        return WriteSteps(.enterLane)
    }

    // MARK: - The lane

    package mutating func entered(_ entry: LaneEntry) -> WriteSteps {
        guard state == .entering else { return unexpected("an entry") }
        switch entry {
        case .entered: return look()
        case .waits:
            state = .waiting
            return WriteSteps()
        case .full: return end(WriteSteps(.refuse(.laneFull)))
        case .closed: return end(WriteSteps(.refuse(.laneClosed)))
        }
    }

    /// The turn of one that waited: the lane is its own now, or was closed.
    package mutating func laneCalled(isOpen: Bool) -> WriteSteps {
        switch (state, isOpen) {
        case (.waiting, true): look()
        case (.waiting, false): end(WriteSteps(.refuse(.laneClosed)))
        // Given up while the word was on its way: the lane is the next one's.
        case (.over, true): WriteSteps(.leaveLane)
        case (.over, false): WriteSteps()
        default: unexpected("its turn")
        }
    }

    private mutating func look() -> WriteSteps {
        state = .looking
        return WriteSteps(.look)
    }

    /// It has the lane and nothing is known of the record that was not known before.
    private mutating func leave(refusing refusal: WriteRefusal?) -> WriteSteps {
        end(WriteSteps(refusal.map { .refuse($0) }, .leaveLane))
    }

    private mutating func end(_ steps: WriteSteps) -> WriteSteps {
        state = .over
        return steps.then(endMove()).then(.finish)
    }

    private mutating func endMove() -> WriteStep? {
        defer { hasBegunMove = false }
        return hasBegunMove ? .endMove : nil
    }

    // MARK: - The client

    /// It wants no answer any more.
    package mutating func clientLeft() -> WriteSteps {
        switch state {
        case .asking: return hasAskedForChange ? WriteSteps() : WriteSteps(.cancelAsk)
        case .over: return WriteSteps(.finish)
        default: return givenUp()
        }
    }

    /// It has been told so already.
    package mutating func deadlinePassed() -> WriteSteps {
        switch state {
        case .asking, .over: return WriteSteps()
        default: return givenUp()
        }
    }

    private mutating func givenUp() -> WriteSteps {
        switch state {
        case .waiting: return end(WriteSteps(.abandonLane))
        case .held: return leave(refusing: nil)
        case .searching:
            state = .abandoned
            return WriteSteps()
        case .abandoned: return WriteSteps()
        default: return unexpected("the end of its client")
        }
    }

    // MARK: - Its turn

    /// The switches and the record's pin decide now, and not when the write came: until then it did not count.
    ///
    /// - Parameter situation: nil: there are no switches.
    package mutating func decide(_ situation: WriteSituation?) -> WriteSteps {
        guard state == .looking else { return unexpected("a situation") }
        guard let situation else { return leave(refusing: .noSwitches) }
        guard let bySwitches = situation.switches.present else {
            state = .over
            return WriteSteps(.leaveLane, endMove()).then(.decideAnew)
        }
        let isErasable = kind == .update && means.hasErase
        let next = situation.switches.next ?? (isErasable ? situation.isToMoveTo : nil)
        let present = situation.pin ?? bySwitches
        if let next, next != present, !next.isDouble || !present.isDouble {
            // Stages of one side take no lane: what is at work there must be over before the record is taken away from
            // it, and what comes must wait until it is where it is to be.
            guard hasBegunMove else {
                (state, hasBegunMove) = (.searching, true)
                return WriteSteps(.beginMove)
            }
            switch situation.moves {
            case .free: break
            case .singlesRun:
                state = .entering
                return WriteSteps(.waitForSingles)
            case .unsettled: return leave(refusing: .laneClosed)
            }
        }
        let isHeld = situation.pending.map { $0 != situation.switches } ?? false
        self.next = next
        placeOfInsert = kind == .insert ? situation.isToMoveTo : nil
        state = .claiming
        return WriteSteps(.claim(bySwitches: isHeld ? nil : bySwitches, movesTo: next))
    }

    /// Writes of one side take the lane now, and those that run are counted.
    package mutating func singlesFound() -> WriteSteps {
        switch state {
        case .searching: look()
        case .abandoned: leave(refusing: nil)
        default: unexpected("counted writes")
        }
    }

    /// The change that it waited for was made, or taken back.
    package mutating func changeEnded(isRefused: Bool) -> WriteSteps {
        guard state == .held else { return unexpected("the end of a change") }
        return isRefused ? leave(refusing: .keyMoving) : look()
    }

    /// - Parameter stage: nil where a change holds the record's key.
    package mutating func claimed(_ stage: Stage?, at moment: WriteMoment) -> WriteSteps {
        guard state == .claiming else { return unexpected("a claim") }
        guard let claimed = stage else {
            state = .held
            return WriteSteps(.waitForChange)
        }
        let stage = placeOfInsert ?? claimed
        self.stage = stage
        isSingle = !stage.isDouble && (next ?? stage) == stage
        movesTo = next == stage ? nil : next
        procedure = (isSingle ? nil : means.procedure(kind, at: stage, to: next)) ?? Write(only: stage.authority)
        let dropsTimeout = !hasClientDeadline && isSingle && stage == .old
        let decided = WriteSteps(.decided(stage), dropsTimeout ? .dropTimeout : nil)
        if isTooLate(moment) { return decided.then(closed(refusing: .deadlinePassed)) }
        guard isForBothServices(stage) else { return decided.then(begin(at: moment)) }
        state = .checkingRoom
        return decided.then(.checkRoom(stage.authority))
    }

    /// A write of one side is handed on with what time it has (contract, 7).
    func isTooLate(_ moment: WriteMoment) -> Bool { !isSingle && moment.isLate }

    /// Where both sides are written, and one would not be sent what it is to be asked, neither is asked. A side that
    /// cannot be reached is another matter: the authority does not depend on it.
    private func isForBothServices(_ stage: Stage) -> Bool {
        !isSingle && !means.isInStores
            && !(kind == .insert && stage != .newMirrored && means.inserts != .both)
    }

    package mutating func roomChecked(isThere: Bool, at moment: WriteMoment) -> WriteSteps {
        guard state == .checkingRoom else { return unexpected("a look for room") }
        return isThere ? begin(at: moment) : closed(refusing: .noRoom)
    }

    private mutating func begin(at moment: WriteMoment) -> WriteSteps {
        state = .asking
        return WriteSteps(isSingle ? nil : .beginDouble).then(perform(procedure.start(), at: moment))
    }

    // MARK: - The end of a decided write

    mutating func closed(refusing refusal: WriteRefusal) -> WriteSteps {
        closed(WriteSteps(.refuse(refusal)), WriteClosing(stage ?? .old))
    }

    /// Its record stays one that is being moved until what became of that is noted.
    mutating func closed(_ steps: WriteSteps, _ closing: WriteClosing) -> WriteSteps {
        end(steps.then(.close(closing)))
    }

    /// An event that its state does not expect: a fault of the shell, and nothing is done.
    func unexpected(_ event: StaticString) -> WriteSteps {
        assertionFailure("a write that is \(state) is told of \(event)")
        return WriteSteps()
    }
}
