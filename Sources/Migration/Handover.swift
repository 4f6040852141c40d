/// How a process brings a migration from one state of its switches (X) to the next (Y): told what happens and when, it
/// says what the workers are to do, and when it wants to be woken.
///
///     unknown --change--> opening Y --all workers decide by Y--> open
///     open X --change--> preparing --prepared--> settling --nothing old may come any more--> hold X
///            hold X --all hold--> counting --no write of one side runs, or long enough--> pinning --pinned--> hold Y
///            hold Y --all hold--> opening Y --all decide by Y--> open Y
///            hold X --something old has begun since it was looked--> settling (or preparing, for a newer change)
///            hold X to hold Y --a worker does not answer in time--> open X, trying again --time--> preparing
///            preparing, settling, trying again --a newer change--> preparing, for that one
///
/// *Preparing* holds nothing. Queries that were decided before the last change must be over (rule P5 below), and are
/// cut off where they would make the change late. *Settling* holds nothing either: it waits, once, for writes that were
/// forwarded unread before there was anything to record them by. From the moment that a worker prepares it begins no
/// such write, or there would always be one more to wait for. A worker may be so late that it is not waited for: it
/// prepares before it holds X, and what it has begun until then is waited for as well, without the hold.
///
/// The holds last as long as mail to the workers takes. In *hold X* writes of the delta (the keys whose stage differs)
/// wait; when all workers hold, no such write begins under X any more, and each record whose write is under way, whose
/// last write may still arrive, or whose sides may differ is *pinned*: it keeps X until it is at rest. So no write and
/// no side can keep a change from landing. Writes of one side that are under way are given a moment to end first: one
/// that is over is at rest, and a record that is pinned to one side is dirty afterwards. In *hold Y* queries are
/// answered by Y, and writes still wait: a worker that is late answers by X as truly as the others do by Y. Only when
/// no worker decides by X any more do writes go on.
///
/// Queries of X may run on while Y opens: what they read is right for one change. Two changes further it need not be
/// (a delete takes the record from the side that such a query falls back to), hence P5.
///
/// A change that comes while another is held waits for its end, and replaces one that waits already: the newest is
/// what the operator wants, and an older one must never come after it. One that replaces another before the hold takes
/// over its time as well: what runs since before the last change is the same for both, and who edits the switches every
/// second must not keep a rollback from landing.
///
/// Times are monotonic nanoseconds. Run by `SwitchHandover`.
package struct Handover<Switches: Sendable>: Sendable {
    package enum Step: Sendable {
        /// Read writes from now on, begin none that cannot be read, and tell when no query runs that was decided before
        /// the last change: `prepared`.
        case prepare(Switches, since: Switches)
        /// Queries that were decided before the last change are cut off, and requests that do not come to their end.
        case cutOff
        /// X for queries; writes of the delta wait. `allHold` when all workers do.
        case holdX(Switches, until: Switches)
        /// Count the writes of one side that are under way and whose stage the change alters: `openWrites`.
        case countWrites
        /// Pin the records that are not at rest. `acknowledged` when they are.
        case pin(Switches, until: Switches)
        /// X for all, and prepared as before: writes that were forwarded unread are to be waited for.
        case release(Switches)
        /// Y for queries; writes of the delta wait. `acknowledged` when all workers do.
        case holdY(Switches, since: Switches)
        /// It alone, for all. `acknowledged` when all workers decide by it.
        case open(Switches)
        /// All workers decide by it.
        case opened(Switches, heldNanoseconds: UInt64)
        /// X for all: a worker does not answer. What was pinned for the change is as if it had come back from it.
        case backToX(Switches, pinnedFor: Switches?)
    }

    private enum State: Sendable {
        case open
        case preparing(Switches, hasCutOff: Bool)
        case settling(Switches, until: UInt64, hasCutOff: Bool)
        case holdX(until: Switches, Hold)
        case holdY(Switches)
        case opening(Switches, heldNanoseconds: UInt64)
        case tryingAgain(Switches, at: UInt64)
    }

    /// How far a hold of X is.
    private enum Hold: Sendable {
        /// Some workers do not hold yet.
        case beginning
        /// All do; open writes are being counted, which have time to end until then.
        case counting(until: UInt64)
        /// The same, and there were some: they are counted again at that time.
        case waiting(until: UInt64, lookAt: UInt64)
        case pinning
    }

    /// How long a change holds for writes of one side that are under way, at most, and how often it looks.
    package static var graceNanoseconds: UInt64 { 100_000_000 }
    package static var graceLookNanoseconds: UInt64 { 2_000_000 }
    /// How long after a hold that took too long the change is tried again.
    package static var retryNanoseconds: UInt64 { 1_000_000_000 }
    /// How often it is looked whether what was forwarded unread is over.
    package static var lookNanoseconds: UInt64 { 50_000_000 }

    private let longestHold: UInt64
    private var current: Switches?
    private var state = State.open
    private var next: Switches?
    /// When the first change began that is not in force yet.
    private var begunAt: UInt64 = 0
    /// When it goes on although queries run that were decided before the last change.
    private var goesOnAt: UInt64 = 0
    private var holdsSince: UInt64 = 0

    /// - Parameter longestHold: `limits.handover_wait`, nanoseconds.
    package init(longestHold: UInt64) { self.longestHold = longestHold }

    /// The state that calls are brought to, or are decided by.
    package var target: Switches? {
        if let next { return next }
        switch state {
        case .open: return current
        case .preparing(let target, _), .settling(let target, _, _), .holdX(let target, _), .holdY(let target),
            .opening(let target, _), .tryingAgain(let target, _):
            return target
        }
    }

    /// Why a change that was asked for is not in force yet; nil while none is under way.
    package var delay: HandoverDelay? {
        switch state {
        case .open: nil
        case .preparing: .queriesRunning
        case .settling(_, let until, _): .unreadWrites(until: until)
        case .holdX, .holdY, .opening, .tryingAgain: .workerBusy
        }
    }

    /// When `timePassed` is to be called; nil while only other events matter.
    package var wakeAt: UInt64? {
        switch state {
        case .open, .opening: nil
        case .preparing(_, let hasCutOff): hasCutOff ? goesOnAt : cutsOffAt
        case .settling(_, _, let hasCutOff): hasCutOff ? lookAt : min(lookAt, cutsOffAt)
        case .holdX(_, .waiting(_, let lookAt)): min(lookAt, holdsSince &+ longestHold)
        case .holdX, .holdY: holdsSince &+ longestHold
        case .tryingAgain(_, let time): time
        }
    }

    private var lookAt: UInt64 = 0
    /// What still runs then would make the change late.
    private var cutsOffAt: UInt64 { begunAt &+ longestHold - timeToEnd }
    /// How long what was cut off may take to end; and workers to read their mail.
    private var timeToEnd: UInt64 { longestHold / 4 }

    package mutating func change(to switches: Switches, at now: UInt64) -> [Step] {
        switch state {
        case .open, .tryingAgain:
            guard current != nil else { return open(switches, heldNanoseconds: 0) }
            return begin(switches, at: now)
        // What was not held yet is older than this. Workers prepare for any change in the same way, so that the time of
        // the older one counts.
        case .preparing(_, let hasCutOff): return prepare(switches, hasCutOff: hasCutOff)
        case .settling(_, _, let hasCutOff):
            goesOnAt = max(goesOnAt, now &+ timeToEnd)
            return prepare(switches, hasCutOff: hasCutOff)
        case .holdX, .holdY, .opening:
            next = switches
            return []
        }
    }

    /// Another copy of what is in force. False while a change is under way: then the older one is still needed.
    package mutating func refresh(_ switches: Switches) -> Bool {
        guard case .open = state, current != nil else { return false }
        current = switches
        return true
    }

    /// No query runs any more that was decided before the last change, and all writes are read, in every worker.
    ///
    /// - Parameter unreadUntil: until when a write may take effect that was forwarded unread; 0: there is none.
    package mutating func prepared(unreadUntil: UInt64, at now: UInt64) -> [Step] {
        guard case .preparing(let target, let hasCutOff) = state else { return [] }
        return settle(target, until: unreadUntil, hasCutOff: hasCutOff, at: now)
    }

    /// The workers are told to hold X only now: what had to be done before took its time.
    package mutating func holdBegins(at now: UInt64) { if case .holdX = state { holdsSince = now } }

    /// All workers hold X, and so have prepared.
    ///
    /// - Parameter unreadUntil: as for `prepared`.
    package mutating func allHold(unreadUntil: UInt64, at now: UInt64) -> [Step] {
        guard case .holdX(let target, .beginning) = state, let current else { return [] }
        guard unreadUntil > now else {
            state = .holdX(until: target, .counting(until: now &+ min(Self.graceNanoseconds, longestHold / 4)))
            return [.countWrites]
        }
        // The time of the cut-off may have passed during the hold.
        guard let newer = next else {
            return [.release(current)] + settle(target, until: unreadUntil, hasCutOff: false, at: now)
        }
        next = nil
        goesOnAt = max(goesOnAt, now &+ timeToEnd)
        return [.release(current)] + prepare(newer, hasCutOff: false)
    }

    /// So many writes of one side run whose stage the change alters.
    package mutating func openWrites(_ count: Int, at now: UInt64) -> [Step] {
        guard case .holdX(let target, .counting(let until)) = state, let current else { return [] }
        guard count == 0 || now >= until else {
            state = .holdX(until: target, .waiting(until: until, lookAt: now &+ Self.graceLookNanoseconds))
            return []
        }
        state = .holdX(until: target, .pinning)
        return [.pin(current, until: target)]
    }

    /// All workers have taken the last step.
    package mutating func acknowledged(at now: UInt64) -> [Step] {
        switch state {
        case .holdX(let target, .pinning):
            guard let current else { return [] }
            state = .holdY(target)
            return [.holdY(target, since: current)]
        case .holdY(let target): return open(target, heldNanoseconds: now &- holdsSince)
        case .opening(let target, let held): return opened(target, held, at: now)
        case .open, .preparing, .settling, .holdX, .tryingAgain: return []
        }
    }

    /// It is time for what was waited for: `wakeAt`, or later.
    ///
    /// - Parameter unreadUntil: as for `prepared`.
    package mutating func timePassed(unreadUntil: UInt64, at now: UInt64) -> [Step] {
        guard let wakeAt, now >= wakeAt else { return [] }
        switch state {
        case .open, .opening: return []
        case .preparing(let target, false):
            state = .preparing(target, hasCutOff: true)
            return [.cutOff]
        // Nothing is left to be cut off; whatever it is, it does not keep the change from landing.
        case .preparing(let target, true): return settle(target, until: unreadUntil, hasCutOff: true, at: now)
        case .settling(let target, _, let hasCutOff):
            let cuts = !hasCutOff && now >= cutsOffAt
            let steps = settle(target, until: unreadUntil, hasCutOff: hasCutOff || cuts, at: now)
            return (cuts ? [.cutOff] : []) + steps
        case .holdX(let target, .waiting(let until, _)) where now < holdsSince &+ longestHold:
            state = .holdX(until: target, .counting(until: until))
            return [.countWrites]
        case .holdX(let target, _): return goBack(target, isPinned: false, at: now)
        case .holdY(let target): return goBack(target, isPinned: true, at: now)
        case .tryingAgain(let target, _): return begin(target, at: now)
        }
    }

    private mutating func begin(_ target: Switches, at now: UInt64) -> [Step] {
        begunAt = now
        goesOnAt = now &+ longestHold
        return prepare(target, hasCutOff: false)
    }

    private mutating func prepare(_ target: Switches, hasCutOff: Bool) -> [Step] {
        guard let current else { return [] }
        state = .preparing(target, hasCutOff: hasCutOff)
        return [.prepare(target, since: current)]
    }

    private mutating func settle(
        _ target: Switches, until: UInt64, hasCutOff: Bool, at now: UInt64
    ) -> [Step] {
        guard let current else { return [] }
        guard until <= now else {
            state = .settling(target, until: until, hasCutOff: hasCutOff)
            lookAt = min(until, now &+ Self.lookNanoseconds)
            return []
        }
        holdsSince = now
        state = .holdX(until: target, .beginning)
        return [.holdX(current, until: target)]
    }

    private mutating func goBack(_ target: Switches, isPinned: Bool, at now: UInt64) -> [Step] {
        guard let current else { return [] }
        state = .tryingAgain(next ?? target, at: now &+ Self.retryNanoseconds)
        next = nil
        return [.backToX(current, pinnedFor: isPinned ? target : nil)]
    }

    private mutating func open(_ switches: Switches, heldNanoseconds: UInt64) -> [Step] {
        state = .opening(switches, heldNanoseconds: heldNanoseconds)
        return [.open(switches)]
    }

    /// The change that has waited for this one begins at once.
    private mutating func opened(_ switches: Switches, _ held: UInt64, at now: UInt64) -> [Step] {
        state = .open
        current = switches
        let opened = Step.opened(switches, heldNanoseconds: held)
        guard let waiting = next else { return [opened] }
        next = nil
        return [opened] + begin(waiting, at: now)
    }
}

/// What a change of the switches waits for.
package enum HandoverDelay: Sendable, Equatable {
    /// Queries that were decided before the last change still run; they are cut off in time.
    case queriesRunning
    /// Writes that were forwarded unread may still take effect, until then: monotonic nanoseconds.
    case unreadWrites(until: UInt64)
    /// A worker has not taken the switches yet.
    case workerBusy

    package var sentence: String {
        switch self {
        case .queriesRunning: "queries that were decided before the last change still run"
        case .unreadWrites:
            "writes that the sidecar forwarded without reading them (at idle, before its start, or since it cannot "
                + "read them) may still take effect on old"
        case .workerBusy: "a worker has not taken the new switches yet"
        }
    }

    /// The same of a change that has landed since.
    package var past: String {
        switch self {
        case .queriesRunning: "queries that were decided before the last change still ran"
        case .unreadWrites:
            "writes that the sidecar had forwarded without reading them (at idle, before its start, or since it "
                + "cannot read them) might still have taken effect on old"
        case .workerBusy: "a worker had not taken the new switches yet"
        }
    }
}
