/// What a process keeps of one record while there is something to keep: its lane, the writes of it that are under way
/// or may still arrive, whether its two sides may differ, and the stage that it is pinned to.
///
///     at rest --written, lost, dirty--> not at rest --change of its stage--> pinned --at rest again--> at rest
///
/// A change of the switches takes effect at once for every record that is at rest. One that is not keeps the stage that
/// it had, for all its calls, until no write of it is under way, nothing that was sent may still arrive and its sides
/// are equal as far as is known (contract, 2). After several changes it goes through their stages one by one, in the
/// order of the changes: each of them relies on what the one before left behind.
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

    /// What a write says of the record's gray key.
    package enum NotedKey: Equatable, Sendable {
        /// Nothing: it is as it was.
        case unsaid
        /// It has this one.
        case has([UInt8])
        /// It may be given another one by the write: it is not known.
        case moves
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
    /// The stage that its calls are decided by, then those that it still has to go through; empty: by the switches.
    package private(set) var pin: [Stage] = []
    /// What its last write was decided by, or what it was released to since; nil where that is not known. And the gray
    /// key that it had then.
    package private(set) var stage: Stage?
    package private(set) var grayKey: [UInt8]?
    package private(set) var isDirty = false
    private var unsettledUntil: UInt64 = 0
    /// The write that holds the lane is decided.
    package private(set) var isRunning = false
    /// Writes of one side, which take no lane.
    private var singles = 0
    /// What the switches say of it since the last change; nil where that depends on a gray key that is not known.
    private var stageAfterPin: Stage?
    /// Its pin keeps it at a stage of one side, whose writes the other side never hears of.
    private var differsLater = false
    /// It has gone through a stage of its pin: queries of the one before may still run.
    private var hasStepped = false
    /// No query runs that was decided before the last step: the next one may be taken as soon as the record is at rest.
    private var mayStepLater = false
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
        pin.isEmpty && moves == 0 && unrest(at: now) == nil && lane.isIdle(at: now)
    }

    /// Until when something sent may still take effect; 0: there is nothing.
    package func unsettledUntil(at now: UInt64) -> UInt64 { unsettledUntil > now ? unsettledUntil : 0 }

    // MARK: - Writes of both sides

    package mutating func enter(id: UInt64, _ ticket: Ticket, now: UInt64, limit: Int) -> Lane<Ticket>.Entry {
        if singles > 0, !singlesHoldLane, lane.isIdle(at: now) {
            _ = lane.enter(id: 0, ticket, now: now, limit: limit)
            singlesHoldLane = true
        }
        return lane.enter(id: id, ticket, now: now, limit: limit)
    }

    package mutating func abandon(id: UInt64) -> Bool { lane.abandon(id: id) }

    /// The write that holds the lane is decided: by the pin, else by what the switches say.
    ///
    /// - Parameter bySwitches: nil while a change holds the record's gray key; then only a pin decides.
    package mutating func decide(_ bySwitches: Stage?, grayKey: NotedKey) -> Stage? {
        guard let stage = pin.first ?? bySwitches else { return nil }
        isRunning = true
        note(stage, grayKey)
        return stage
    }

    /// The write that holds the lane has ended. Returns the ticket whose turn it is.
    ///
    /// - Parameter isEqual: whether both sides have the record now, or neither; nil: as before.
    package mutating func leave(isEqual: Bool?) -> Ticket? {
        isRunning = false
        if let isEqual { isDirty = !isEqual }
        return lane.leave()
    }

    /// The write that holds the lane has given the record another gray key on one side, and could not on the other:
    /// only the side that has the write finds it under its key. It stays at this stage of both sides until they are
    /// equal.
    package mutating func keep(at stage: Stage) {
        isDirty = true
        differsLater = false
        hasStepped = false
        pin = [stage]
        stageAfterPin = nil
        self.stage = stage
    }

    /// It has ended, and may still take effect until then. Returns all who waited.
    package mutating func close(until: UInt64, isDirty: Bool) -> [Ticket] {
        isRunning = false
        if isDirty { self.isDirty = true }
        unsettledUntil = max(unsettledUntil, until)
        return lane.close(until: until)
    }

    // MARK: - Writes of one side

    /// What a write of one side is to do.
    package mutating func standing(at now: UInt64) -> Standing {
        if moves > 0 { return .queues }
        guard let stage = pin.first else { return .free }
        guard !stage.isDouble else { return .queues }
        // What is lost would keep the others waiting for the whole quiet period.
        guard isDirty || unsettledUntil > now else { return .queues }
        singles += 1
        return .joins(stage)
    }

    /// A write of one side is under way, and a change comes.
    package mutating func singleFound(_ stage: Stage, grayKey: NotedKey) {
        singles += 1
        note(stage, grayKey)
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
        if pin.isEmpty { note(stage, grayKey) }
    }

    private mutating func note(_ stage: Stage, _ grayKey: NotedKey) {
        self.stage = stage
        switch grayKey {
        case .unsaid: break
        case .has(let key): self.grayKey = key
        case .moves: self.grayKey = nil
        }
    }

    // MARK: - Updates that move the record to another stage

    /// What such an update, whose turn it is, finds of the writes of one side.
    package enum MoveStanding: Equatable, Sendable {
        case free
        /// Some are under way.
        case singlesRun
        /// One was lost and may still take effect: it must not find the record at another stage.
        case unsettled
    }

    /// Writes of one side take the lane from now on, and those that run are to be found.
    package mutating func beginMove() { moves += 1 }

    package mutating func endMove() { moves = max(moves - 1, 0) }

    package func moveStanding(at now: UInt64) -> MoveStanding {
        if unsettledUntil > now { return .unsettled }
        return singles > 0 ? .singlesRun : .free
    }

    /// Whoever holds the lane lets those go first that take none; `entered` where the last of them has just ended.
    package mutating func waitForSingles(id: UInt64, _ ticket: Ticket, now: UInt64, limit: Int) -> Lane<Ticket>.Entry {
        guard singles > 0 else { return .entered }
        let entry = lane.enter(id: id, ticket, now: now, limit: limit)
        if entry == .waits { singlesHoldLane = true }
        return entry
    }

    // MARK: - Changes of the switches

    /// The switches change, while no write of the record can be decided.
    ///
    /// - Parameters:
    ///   - last: what they said of the record until now; nil where it depends on a gray key that is not known.
    ///   - next: what they say from now on.
    /// - Returns: whether its sides may differ once it is released, since it is written on one side until then.
    @discardableResult
    package mutating func change(from last: Stage?, to next: Stage?, at now: UInt64) -> Bool {
        stageAfterPin = next
        if let next, let place = pin.firstIndex(of: next) {
            // It has not left that stage, or not come there yet: nothing of it was decided by those between.
            pin.removeSubrange(place...)
            if pin.isEmpty { differsLater = false }
        } else if let waitsFor = pin.last {
            if let last, last != waitsFor { pin.append(last) }
        } else if unrest(at: now) != nil, let stage = last ?? stage, stage != next {
            // Not pinned until now, it had the stage that the switches said, whatever its last write was decided by.
            pin = [stage]
            differsLater = !stage.isDouble
            return differsLater
        }
        return false
    }

    /// Takes the next step if the record is at rest: to the stage of the next change, or out of the pin.
    ///
    /// - Parameter mayStep: whether no query runs that was decided before the last step, where there are several.
    /// - Returns: whether it took one.
    package mutating func settle(at now: UInt64, mayStep: Bool) -> Bool {
        guard !pin.isEmpty else { return false }
        if mayStep { mayStepLater = true }
        guard unrest(at: now) == nil, mayStepLater || pin.count == 1 && !hasStepped else { return false }
        mayStepLater = false
        pin.removeFirst()
        if differsLater { isDirty = true }
        differsLater = false
        hasStepped = !pin.isEmpty
        stage = pin.first ?? stageAfterPin
        return true
    }

    /// Old is fenced: whatever was to be kept for the way back is not needed.
    package mutating func forget() {
        pin = []
        differsLater = false
        isDirty = false
        unsettledUntil = 0
    }
}
