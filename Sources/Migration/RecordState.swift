/// What a process keeps of one record while there is something to keep: its lane, the writes of it that are under way
/// or may still arrive, whether its two sides may differ, and the stage that it is pinned to.
///
///     at rest --written, lost, dirty--> not at rest --change of its stage--> pinned --at rest again--> at rest
///
/// A change of the switches takes effect at once for every record that is at rest. One that is not keeps the stage that
/// it had, for all its calls, until no write of it is under way, nothing that was sent may still arrive and its sides
/// are equal as far as is known (contract, 2). After several changes it goes to the stage that it has by then rung by
/// rung: each of them relies on what the one before left behind.
///
/// A write counts from the moment that it is decided: one that only waits for its turn is decided then. So a record
/// that always has a write waiting is not pinned for ever.
///
/// Run by `RecordTable`, which keeps one for each record that is not at rest. Times are monotonic nanoseconds.
package struct RecordState<Ticket: Sendable>: Sendable {
    /// Why a record is not at rest.
    package enum Unrest: UInt8, Sendable, CaseIterable {
        /// The two sides may differ.
        case dirty
        /// A write that was sent and not answered may still take effect.
        case unsettled
        /// A write is under way.
        case open
    }

    /// What a write of one side is to do, where the record may be pinned.
    package enum Standing: Equatable, Sendable {
        /// Be decided by the switches.
        case free
        /// Go to this stage's side at once. It counts until `singleEnded`.
        case joins(Stage)
        /// Take the record's lane, and be decided at its turn.
        case queues
    }

    package private(set) var lane = Lane<Ticket>()
    /// The stage that its calls are decided by; nil: by the switches.
    package private(set) var pin: Stage?
    /// What its last write was decided by, or what it was released to since; nil where that is not known. And the gray
    /// key that it had then.
    package private(set) var stage: Stage?
    package private(set) var grayKey = NotedKey.unsaid
    /// What the write that holds the lane says of the record. It is believed at once where it agrees with what is
    /// known: else it may be of another record, or of a key that this one has no more, and is refused for that.
    private var claim: (stage: Stage, grayKey: NotedKey)?
    private var known: (stage: Stage?, grayKey: NotedKey)?
    package private(set) var isDirty = false
    private var unsettledUntil: UInt64 = 0
    /// The write that holds the lane is decided.
    package private(set) var isRunning = false
    /// Writes of one side, which take no lane.
    private var singles = 0
    /// What the switches say of it since the last change, while it is pinned; nil where that depends on a gray key that
    /// is not known.
    private var target: Stage?
    /// How many rungs the changes of the switches may have taken it since it is pinned.
    private var rungsTaken = 0
    /// Its pin keeps it at a stage of one side, whose writes the other side never hears of.
    private var differsLater = false
    /// The turn of queries (`Turns`) that had begun when it took a rung, and did not begin after it: queries of the
    /// rung before may still run. Nil: it has taken none.
    private var steppedIn: UInt64?
    /// The write that holds the lane takes the record to the stage of another gray key.
    private var isMoving = false
    /// It was at rest but for the write that holds the lane, and is pinned by what that one says of it.
    private var isPinnedByClaim = false
    /// It is pinned since a write has moved it on one side alone.
    package private(set) var isKept = false
    /// The lane is held for them: who comes later waits until they are over.
    private var singlesHoldLane = false
    /// Updates of the gray key that take the record to or from a stage of one side: writes of one side take the lane.
    private var moves = 0

    package init() {}

    /// - Parameter now: of what depends on time alone.
    package func unrest(at now: UInt64) -> Unrest? {
        if isDirty { return .dirty }
        if unsettledUntil > now { return .unsettled }
        return isRunning || singles > 0 ? .open : nil
    }

    /// Nothing need be remembered of it.
    package func isForgettable(at now: UInt64) -> Bool {
        pin == nil && moves == 0 && unrest(at: now) == nil && lane.isIdle(at: now)
    }

    /// The stage that queries and writes of one side see it at, whatever the switches say; nil: by the switches. A
    /// record that is being moved is seen where it was until it is where it is to be.
    package var seenAt: Stage? { pin ?? (isMoving ? stage : nil) }

    /// Until when something sent may still take effect; 0: there is nothing.
    package func unsettledUntil(at now: UInt64) -> UInt64 { unsettledUntil > now ? unsettledUntil : 0 }

    // MARK: - Writes of both sides

    package mutating func enter(id: UInt64, _ ticket: Ticket, now: UInt64, limit: Int) -> LaneEntry {
        if singles > 0, !singlesHoldLane, lane.isIdle(at: now) {
            _ = lane.enter(id: 0, ticket, now: now, limit: limit)
            singlesHoldLane = true
        }
        return lane.enter(id: id, ticket, now: now, limit: limit)
    }

    package mutating func abandon(id: UInt64) -> Bool { lane.abandon(id: id) }

    /// The write that holds the lane is decided: by the pin, else by what the switches say.
    ///
    /// - Parameters:
    ///   - bySwitches: nil while a change holds the record's gray key; then only a pin decides.
    ///   - movesTo: the stage of the gray key that the write gives the record; nil: it gives it none.
    package mutating func decide(_ bySwitches: Stage?, grayKey: NotedKey, movesTo: Stage? = nil) -> Stage? {
        guard let stage = pin ?? bySwitches else { return nil }
        isRunning = true
        isMoving = movesTo != nil && movesTo != stage
        claim = (stage, grayKey)
        known = (self.stage, self.grayKey)
        if self.grayKey.allows(grayKey) { note(stage, grayKey) }
        return stage
    }

    /// The write that holds the lane is over; before it leaves the lane. What it says of the record is true if a side
    /// has taken it, and says nothing if it was refused.
    ///
    /// - Parameter bySwitches: what the switches say of the gray key that the record has by then; nil: that depends on
    ///   one that is not known, or on a change that is being made.
    package mutating func judged(_ verdict: WriteVerdict, _ bySwitches: (NotedKey) -> Stage?) {
        guard let claim, let known else { return }
        (self.claim, self.known) = (nil, nil)
        defer { isPinnedByClaim = false }
        switch verdict {
        case .taken: note(claim.stage, claim.grayKey)
        case .refused:
            (stage, grayKey) = known
            if isPinnedByClaim { unpin() }
        case .unclear: grayKey = grayKey.or(known.grayKey).or(claim.grayKey)
        }
        if pin != nil, target == nil, let stage = bySwitches(grayKey) { told(stage) }
    }

    /// A write has said the record's gray key, and so what the switches say of the record.
    package mutating func told(_ bySwitches: Stage) {
        guard let pin, target == nil else { return }
        if bySwitches == pin, !isKept { unpin() } else { target = bySwitches }
    }

    /// The write that holds the lane has ended. Returns the ticket whose turn it is.
    ///
    /// - Parameters:
    ///   - isEqual: whether both sides have the record now, or neither; nil: as before.
    ///   - isGone: whether surely neither has it, whatever gray key it had there.
    package mutating func leave(isEqual: Bool?, isGone: Bool = false) -> Ticket? {
        isRunning = false
        isMoving = false
        if let isEqual, !isEqual || isGone || isToMoveTo == nil { isDirty = !isEqual }
        return lane.leave()
    }

    /// The write that holds the lane has given the record another gray key.
    ///
    /// - Parameters:
    ///   - stage: where the write has left it.
    ///   - bySwitches: what the switches say of that key now.
    package mutating func moved(_ grayKey: [UInt8], to stage: Stage, bySwitches: Stage) {
        (claim, known) = (nil, nil)
        self.grayKey = .has(grayKey)
        self.stage = stage
        let turn = steppedIn
        unpin()
        guard stage != bySwitches else { return }
        (pin, target, rungsTaken, steppedIn) = (stage, bySwitches, 1, turn)
        differsLater = !stage.isDouble
    }

    /// The write that holds the lane has given the record another gray key on one side, and could not on the other:
    /// only the side that has the write finds it under its key. It stays at this stage of both sides until they are
    /// equal.
    ///
    /// - Parameters:
    ///   - grayKey: that it has by then; nil where that is not known.
    ///   - bySwitches: what the switches say of that key now.
    package mutating func keep(_ grayKey: [UInt8]?, at stage: Stage, bySwitches: Stage?) {
        let turn = steppedIn
        unpin()
        (claim, known, steppedIn) = (nil, nil, turn)
        isDirty = true
        (pin, target, rungsTaken) = (stage, bySwitches, bySwitches == nil ? 2 : 1)
        isKept = true
        self.stage = stage
        if let grayKey { self.grayKey = .has(grayKey) }
    }

    /// The stage of one side that a write has not got the record to: the next one has to, since the other side's row
    /// would be left.
    package var isToMoveTo: Stage? {
        guard isKept, let target, !target.isDouble else { return nil }
        return target
    }

    private mutating func unpin() {
        pin = nil
        target = nil
        rungsTaken = 0
        differsLater = false
        steppedIn = nil
        isKept = false
        isPinnedByClaim = false
    }

    /// It has ended, and may still take effect until then. Returns all who waited.
    package mutating func close(until: UInt64, isDirty: Bool) -> [Ticket] {
        isRunning = false
        isMoving = false
        if isDirty { self.isDirty = true }
        unsettledUntil = max(unsettledUntil, until)
        return lane.close(until: until)
    }

    // MARK: - Writes of one side

    /// What a write of one side is to do.
    package mutating func standing(at now: UInt64) -> Standing {
        if moves > 0 { return .queues }
        guard let stage = pin else { return .free }
        guard !stage.isDouble else { return .queues }
        // What is lost would keep the others waiting for the whole quiet period.
        guard isDirty || unsettledUntil > now else { return .queues }
        singles += 1
        return .joins(stage)
    }

    /// A write of one side is under way, and a change comes.
    package mutating func singleFound(_ stage: Stage, grayKey: NotedKey) {
        singles += 1
        heard(stage, grayKey)
    }

    /// A write that counts is over. Returns the ticket whose turn it is.
    package mutating func singleEnded() -> Ticket? {
        singles = max(singles - 1, 0)
        guard singles == 0, singlesHoldLane else { return nil }
        singlesHoldLane = false
        return lane.leave()
    }

    /// A write of one side was sent and not answered.
    package mutating func lost(until: UInt64, _ stage: Stage, grayKey: NotedKey) {
        unsettledUntil = max(unsettledUntil, until)
        if pin == nil || isPinnedByClaim { heard(stage, grayKey) }
    }

    /// A write says so that may be refused, or was. It holds beside what the one that holds the lane says, too.
    private mutating func heard(_ stage: Stage, _ grayKey: NotedKey) {
        if let known {
            let isOfIt = known.grayKey.allows(grayKey)
            self.known = (
                isOfIt ? stage : known.stage,
                isOfIt ? (grayKey == .unsaid ? known.grayKey : grayKey) : known.grayKey.or(grayKey)
            )
        }
        if self.grayKey.allows(grayKey) { note(stage, grayKey) } else { self.grayKey = self.grayKey.or(grayKey) }
    }

    private mutating func note(_ stage: Stage, _ grayKey: NotedKey) {
        self.stage = stage
        if grayKey != .unsaid { self.grayKey = grayKey }
    }

    /// The gray keys that it may have; nil: any.
    package var possibleGrayKeys: [[UInt8]]? {
        switch grayKey {
        case .unsaid, .moves(from: nil, to: _): nil
        case .has(let key): [key]
        case .moves(from: let from?, let to): [from, to]
        }
    }

    // MARK: - Updates that move the record to another stage

    /// Writes of one side take the lane from now on, and those that run are to be found.
    package mutating func beginMove() { moves += 1 }

    package mutating func endMove() { moves = max(moves - 1, 0) }

    package var isBeingMoved: Bool { moves > 0 || isMoving }

    package func moveStanding(at now: UInt64) -> MoveStanding {
        if unsettledUntil > now { return .unsettled }
        return singles > 0 ? .singlesRun : .free
    }

    /// Whoever holds the lane lets those go first that take none; `entered` where the last of them has just ended.
    package mutating func waitForSingles(id: UInt64, _ ticket: Ticket) -> LaneEntry {
        guard singles > 0 else { return .entered }
        lane.giveWay(id: id, ticket)
        singlesHoldLane = true
        return .waits
    }

    // MARK: - Changes of the switches

    /// The switches change, while no write of the record can be decided.
    ///
    /// - Parameters:
    ///   - last: what they said of the record until now; nil where it depends on a gray key that is not known.
    ///   - next: what they say from now on.
    ///   - isJump: whether the change takes some key over a stage, as the edit of a file may.
    /// - Returns: whether its sides may differ once it is released, since it is written on one side until then.
    @discardableResult
    package mutating func change(from last: Stage?, to next: Stage?, isJump: Bool = false, at now: UInt64) -> Bool {
        let rungs = isJump ? 2 : 1
        if pin != nil {
            target = next
            rungsTaken += rungs
        } else if unrest(at: now) != nil, let stage = last ?? stage, stage != next {
            // Not pinned until now, it had the stage that the switches said, whatever its last write was decided by.
            isPinnedByClaim =
                unrest(at: now) == .open && singles == 0 && claim.map { $0.grayKey == grayKey } == true
                && known.map { $0.grayKey != grayKey } == true
            (pin, target, rungsTaken) = (stage, next, rungs)
            differsLater = !stage.isDouble
            return differsLater
        }
        return false
    }

    /// Every query that begins from now on is decided by the newest switches: what they leave at its stage needs no
    /// pin. A query of the switches before would have read it at another one.
    package mutating func changeIsMade() {
        if target != nil, target == pin, !isKept { unpin() }
    }

    /// Takes the next rung if the record is at rest, or is let go of on the last one.
    ///
    /// A record whose gray key is not known is let go of if it is a rung away at most; else it stays until a call
    /// tells the key.
    ///
    /// - Returns: whether it did.
    package mutating func settle(at now: UInt64, _ turns: Turns) -> Bool {
        guard let pin, unrest(at: now) == nil, target != nil || rungsTaken == 1 && !differsLater else { return false }
        if let steppedIn, turns.ended <= steppedIn { return false }
        let next = target.map { pin.rung(towards: $0) }
        if differsLater { isDirty = true }
        differsLater = false
        if next == target {
            unpin()
            stage = next
        } else {
            self.pin = next
            stage = next
            steppedIn = turns.begun
        }
        return true
    }

    /// It has rungs to take that wait for the end of queries, and none has ended since its last one.
    package func waitsForTurn(_ turns: Turns) -> Bool {
        guard pin != nil, let steppedIn else { return false }
        return turns.ended <= steppedIn
    }

    /// Old is fenced: whatever was to be kept for the way back is not needed.
    package mutating func forget() {
        unpin()
        isDirty = false
        unsettledUntil = 0
    }
}

/// How often it was asked for that the queries end which run just then, and how often they had: numbers of the last
/// time that began and of the last that ended.
package struct Turns: Equatable, Sendable {
    package var begun: UInt64 = 0
    package var ended: UInt64 = 0

    package init() {}
}
