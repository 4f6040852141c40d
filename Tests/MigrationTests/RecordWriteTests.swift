import Testing
import WireFormat

@testable import Migration

/// One write of one record, event by event: what the shell is told to do, in which order.
@Suite struct RecordWriteTests {
    private static let services = WriteMeans(
        puts: PutMeans(overwrite: true, insert: true), hasLookUp: true, hasErase: true, inserts: .new,
        guardsInserts: true, isInStores: false, isOfSeveral: false)
    private static let stores = WriteMeans(
        puts: PutMeans(overwrite: true, insert: true), hasLookUp: true, hasErase: true, inserts: .new,
        guardsInserts: true, isInStores: true, isOfSeveral: false)
    /// Its deadline is far away.
    private static let inTime = WriteMoment(now: 1_000_000_000, deadline: 2_000_000_000, isOver: false)
    private static let late = WriteMoment(now: 1_999_000_000, deadline: 2_000_000_000, isOver: false)
    private static let gone = WriteMoment(now: 1_000_000_000, deadline: 2_000_000_000, isOver: true)
    private static let ok = WriteReply(.accepted, .ok)

    private static func situation(_ stage: Stage?, next: Stage? = nil, pending: Stage? = nil) -> WriteSituation {
        WriteSituation(
            .init(present: stage, next: next),
            pending: pending.map { .init(present: $0, next: next) })
    }

    private static func write(
        _ kind: CallKind = .update, _ means: WriteMeans = services, _ keys: WriteGrayKeys = WriteGrayKeys(present: [1])
    ) -> RecordWrite { RecordWrite(kind, means, keys) }

    /// A write that has its turn, and asks.
    private static func decided(
        _ kind: CallKind = .update, at stage: Stage, to next: Stage? = nil, _ means: WriteMeans = stores
    ) -> (write: RecordWrite, steps: [WriteStep]) {
        var write = write(kind, means, WriteGrayKeys(present: [1], next: next == nil ? nil : [2]))
        _ = write.start()
        _ = write.entered(.entered)
        _ = write.decide(situation(stage, next: next))
        var steps = Array(write.claimed(stage, at: inTime))
        if case .checkRoom = steps.last { steps = Array(write.roomChecked(isThere: true, at: inTime)) }
        return (write, steps)
    }

    private static func asked(_ steps: some Sequence<WriteStep>) -> String {
        let texts = steps.map { step in
            switch step {
            case .ask(let ask): "\(ask.number) \(ask.side) \(ask.request) \(ask.deadline)"
            case .answer(let answer): "answer: \(answer)"
            case .close(let closing):
                "close: \(closing.verdict)\(closing.isEqual.map { ", equal \($0)" } ?? "")"
                    + (closing.isUnsettled ? ", unsettled" : "")
            default: "\(step)"
            }
        }
        return texts.joined(separator: "; ")
    }

    // MARK: - Its turn

    @Test func aWriteOfBothSidesIsAskedInItsLaneAndLeavesItLast() {
        var write = Self.write()
        #expect(Array(write.start()) == [.enterLane])
        #expect(Array(write.entered(.entered)) == [.look])
        #expect(
            Array(write.decide(Self.situation(.dualOld))) == [.claim(bySwitches: .dualOld, movesTo: nil)])
        #expect(Array(write.claimed(.dualOld, at: Self.inTime)) == [.decided(.dualOld), .checkRoom(.old)])
        #expect(
            Self.asked(write.roomChecked(isThere: true, at: Self.inTime))
                == "beginDouble; 0 old call(checksFollower: true) client")
        #expect(
            Self.asked(write.replied(Self.ok, at: Self.inTime))
                == "1 new put(Migration.PutMode.overwrite) follower")
        let end = Array(write.replied(Self.ok, at: Self.inTime))
        #expect(
            Self.asked(end).hasSuffix("answer: reply of old; close: taken, equal true; finish"), "\(Self.asked(end))")
        #expect(write.isOver && write.reply(of: .old) == 0)
    }

    @Test func whoWaitsIsDecidedAtItsTurn() {
        var write = Self.write()
        _ = write.start()
        #expect(Array(write.entered(.waits)).isEmpty)
        #expect(Array(write.laneCalled(isOpen: true)) == [.look])
    }

    @Test func aLaneThatCannotBeHadRefuses() {
        for (entry, refusal) in [(LaneEntry.full, WriteRefusal.laneFull), (.closed, .laneClosed)] {
            var write = Self.write()
            _ = write.start()
            #expect(Array(write.entered(entry)) == [.refuse(refusal), .finish])
        }
        var write = Self.write()
        _ = write.start()
        _ = write.entered(.waits)
        #expect(Array(write.laneCalled(isOpen: false)) == [.refuse(.laneClosed), .finish])
    }

    /// Contract, 2: while its key moves a write waits, and is refused where the change is taken back.
    @Test func aChangeThatAltersItsStageIsWaitedFor() {
        for isRefused in [false, true] {
            var write = Self.write()
            _ = write.start()
            _ = write.entered(.entered)
            #expect(
                Array(write.decide(Self.situation(.dualOld, pending: .dualNew)))
                    == [.claim(bySwitches: nil, movesTo: nil)])
            #expect(Array(write.claimed(nil, at: Self.inTime)) == [.waitForChange])
            #expect(
                Array(write.changeEnded(isRefused: isRefused))
                    == (isRefused ? [.refuse(.keyMoving), .leaveLane, .finish] : [.look]))
        }
    }

    @Test func withoutSwitchesNothingIsWritten() {
        var write = Self.write()
        _ = write.start()
        _ = write.entered(.entered)
        #expect(Array(write.decide(nil)) == [.refuse(.noSwitches), .leaveLane, .finish])
    }

    @Test func whatDependsOnAKeyThatIsNotKnownIsGivenBack() {
        var write = Self.write(.update, Self.stores, WriteGrayKeys())
        _ = write.start()
        _ = write.entered(.entered)
        #expect(Array(write.decide(Self.situation(nil))) == [.leaveLane, .decideAnew])
    }

    @Test func aWriteThatIsTooLateIsNotBegun() {
        var write = Self.write()
        _ = write.start()
        _ = write.entered(.entered)
        _ = write.decide(Self.situation(.dualOld))
        #expect(
            Self.asked(write.claimed(.dualOld, at: Self.late))
                == "decided(Migration.Stage.dualOld); refuse(Migration.WriteRefusal.deadlinePassed); close: refused; "
                + "finish")
    }

    /// Contract, 7: a write of one side is handed on with what time it has.
    @Test func aWriteOfOneSideIsNeverTooLate() {
        var write = Self.write()
        _ = write.start()
        _ = write.entered(.entered)
        _ = write.decide(Self.situation(.new))
        #expect(Self.asked(write.claimed(.new, at: Self.late)).hasSuffix("0 new call(checksFollower: false) client"))
    }

    /// Contract, 7: without a client's deadline the method's time-out counts, but not at stage `old`.
    @Test func theTimeOutOfAMethodIsNotForOldAlone() {
        let stages: [(Stage, drops: Bool)] = [(.old, true), (.dualOld, false), (.newMirrored, false), (.new, false)]
        for (stage, drops) in stages {
            for hasClientDeadline in [true, false] {
                var write = RecordWrite(
                    .update, Self.stores, WriteGrayKeys(present: [1]), hasClientDeadline: hasClientDeadline)
                _ = write.start()
                _ = write.entered(.entered)
                _ = write.decide(Self.situation(stage))
                let steps = Array(write.claimed(stage, at: Self.inTime))
                #expect(steps.contains(.dropTimeout) == (drops && !hasClientDeadline), "\(stage)")
            }
        }
        var moving = RecordWrite(
            .update, Self.stores, WriteGrayKeys(present: [1], next: [2]), hasClientDeadline: false)
        _ = moving.start()
        _ = moving.entered(.entered)
        _ = moving.decide(Self.situation(.old, next: .dualOld))
        _ = moving.singlesFound()
        _ = moving.decide(Self.situation(.old, next: .dualOld))
        #expect(!moving.claimed(.old, at: Self.inTime).contains(.dropTimeout), "it goes to both")
    }

    @Test func whereOneSideHasNoRoomNeitherIsAsked() {
        var write = Self.write()
        _ = write.start()
        _ = write.entered(.entered)
        _ = write.decide(Self.situation(.dualNew))
        #expect(Array(write.claimed(.dualNew, at: Self.inTime)) == [.decided(.dualNew), .checkRoom(.new)])
        #expect(
            Self.asked(write.roomChecked(isThere: false, at: Self.inTime))
                == "refuse(Migration.WriteRefusal.noRoom); close: refused; finish")
    }

    // MARK: - Moves between stages

    /// Decision 0017: what is at work on one side ends before the record is taken to or from that stage.
    @Test func writesOfOneSideAreCountedBeforeARecordMoves() {
        var write = Self.write(.update, Self.stores, WriteGrayKeys(present: [1], next: [2]))
        var situation = Self.situation(.dualOld, next: .old)
        _ = write.start()
        _ = write.entered(.entered)
        #expect(Array(write.decide(situation)) == [.beginMove])
        #expect(Array(write.singlesFound()) == [.look])
        situation.moves = .singlesRun
        #expect(Array(write.decide(situation)) == [.waitForSingles])
        _ = write.entered(.waits)
        #expect(Array(write.laneCalled(isOpen: true)) == [.look])
        situation.moves = .unsettled
        #expect(Array(write.decide(situation)) == [.refuse(.laneClosed), .leaveLane, .endMove, .finish])
    }

    /// The record is one that is being moved until what became of it is noted.
    @Test func aMoveEndsAfterItsRecordIsNoted() {
        var (write, steps) = Self.decided(at: .dualOld, to: .newMirrored)
        #expect(Self.asked(steps).contains("beginDouble"))
        var last = steps
        while !write.isOver { last = Array(write.replied(Self.ok, at: Self.inTime)) }
        guard case .close(let closing) = last[last.count - 2] else { return #expect(Bool(false), "\(last)") }
        #expect(closing.leftAt == .newMirrored && closing.verdict == .taken && closing.keeps == nil)
    }

    @Test func aRecordThatOneSideAloneHasMovedIsKeptWhereItIsFound() {
        var (write, _) = Self.decided(at: .dualOld, to: .dualNew)
        var last: [WriteStep] = []
        var replies = 0
        while !write.isOver {
            replies += 1
            let isLast = replies == 3
            last = Array(
                write.replied(isLast ? WriteReply(.unreachable, .unavailable) : Self.ok, at: Self.inTime))
        }
        guard case .close(let closing) = last[last.count - 2] else { return #expect(Bool(false), "\(last)") }
        #expect(last.contains(.answer(.partial(missing: .new))) == (closing.keeps == .dualOld))
        #expect(last.contains(.answer(.partial(missing: .old))) == (closing.keeps == .dualNew))
    }

    // MARK: - The client

    @Test func whoIsGoneBeforeItsTurnLeavesNothingBehind() {
        var waiting = Self.write()
        _ = waiting.start()
        _ = waiting.entered(.waits)
        #expect(Array(waiting.clientLeft()) == [.abandonLane, .finish])
        #expect(Array(waiting.laneCalled(isOpen: true)) == [.leaveLane], "the word was on its way")
        #expect(Array(waiting.laneCalled(isOpen: false)).isEmpty)

        var held = Self.write()
        _ = held.start()
        _ = held.entered(.entered)
        _ = held.decide(Self.situation(.dualOld, pending: .dualNew))
        _ = held.claimed(nil, at: Self.inTime)
        #expect(Array(held.deadlinePassed()) == [.leaveLane, .finish])

        var searching = Self.write(.update, Self.stores, WriteGrayKeys(present: [1], next: [2]))
        _ = searching.start()
        _ = searching.entered(.entered)
        _ = searching.decide(Self.situation(.dualOld, next: .old))
        #expect(Array(searching.clientLeft()).isEmpty && !searching.isOver)
        #expect(Array(searching.singlesFound()) == [.leaveLane, .endMove, .finish])
    }

    /// Contract, 4: asked for a change, it runs to its end; before, it is dropped.
    @Test func aClientThatLeavesStopsWhatHasChangedNothing() {
        var (looking, _) = Self.decided(.upsert, at: .dualOld)
        #expect(looking.sentWrite == nil)
        #expect(Array(looking.clientLeft()) == [.cancelAsk])
        #expect(
            Self.asked(looking.replied(Self.ok, at: Self.gone))
                == "refuse(Migration.WriteRefusal.deadlinePassed); close: refused; finish")

        var (writing, _) = Self.decided(.update, at: .dualOld)
        #expect(writing.sentWrite == .old)
        #expect(Array(writing.clientLeft()).isEmpty && Array(writing.deadlinePassed()).isEmpty)
        #expect(Self.asked(writing.replied(Self.ok, at: Self.gone)).contains("new put"))
    }

    // MARK: - Replies

    @Test func aLostWriteOfBothSidesIsUnclearAndUnsettled() {
        var (write, _) = Self.decided(.update, at: .dualOld)
        let end = write.replied(WriteReply(.unknown(.unavailable), .unavailable), at: Self.inTime)
        #expect(Self.asked(end).hasSuffix("close: unclear, equal false, unsettled; finish"))
    }

    @Test func aRefusedWriteSaysNothingOfItsRecord() {
        var (write, _) = Self.decided(.update, at: .dualOld)
        let end = write.replied(WriteReply(.rejected(.invalidArgument), .invalidArgument), at: Self.inTime)
        #expect(Self.asked(end).hasSuffix("answer: reply of old; close: refused; finish"))
    }

    /// A follower that cannot hold the record refuses the write only if it has the record.
    @Test func aMisfitIsHeldAgainstWhatTheFollowerHas() {
        for hasRecord in [true, false] {
            var (write, _) = Self.decided(.update, at: .dualOld)
            var misfit = WriteReply(.rejected(.failedPrecondition), .failedPrecondition)
            misfit.isMisfit = true
            #expect(
                Self.asked(write.replied(misfit, at: Self.inTime)) == "1 new lookUp(readsGrayKey: false) client")
            let steps = write.replied(hasRecord ? Self.ok : WriteReply(.absent, .notFound), at: Self.inTime)
            #expect(
                Self.asked(steps).contains(hasRecord ? "close: refused" : "2 old call(checksFollower: false) client"))
        }
    }

    @Test func whatCannotBeMadeOfAReplyIsMissingThere() {
        var (write, _) = Self.decided(.update, at: .dualOld)
        _ = write.replied(Self.ok, at: Self.inTime)
        let end = write.notMade(at: Self.inTime)
        #expect(Self.asked(end).contains("answer: partial without new; close: taken, equal false"))
    }

    @Test func aRowThatATriggerChangesIsNotEqual() {
        var (write, _) = Self.decided(.update, at: .dualOld)
        _ = write.replied(Self.ok, at: Self.inTime)
        var put = Self.ok
        put.isKeptOtherwise = true
        #expect(Self.asked(write.replied(put, at: Self.inTime)).contains("close: taken, equal false"))
    }

    /// Another record of the same key, which its own gray key shows, is not written over.
    @Test func anotherRecordOfTheKeyIsLeftAlone() {
        var (write, steps) = Self.decided(.delete, at: .dualOld)
        #expect(Self.asked(steps).hasSuffix("beginDouble; 0 old trial client"))
        #expect(
            Self.asked(write.replied(Self.ok, at: Self.inTime)) == "1 new lookUp(readsGrayKey: true) client")
        var found = Self.ok
        found.otherKey = OtherKey(stage: .dualNew, mayBeMissed: false)
        let end = Array(write.replied(found, at: Self.inTime))
        #expect(end.first == .refuse(.anotherRecord(on: .new, .failedPrecondition)))
        #expect(Self.asked(end).hasSuffix("close: refused; finish"))
    }

    /// A row under another key is what a write before has missed, or what this side has no say about.
    @Test func aRowThatIsLeftOverUnderAnotherKeyIsNoOtherRecord() {
        for other in [OtherKey(stage: .dualNew, mayBeMissed: true), OtherKey(stage: .dualOld, mayBeMissed: false)] {
            var (write, _) = Self.decided(.delete, at: .dualOld)
            _ = Self.asked(write.replied(Self.ok, at: Self.inTime))
            var found = Self.ok
            found.otherKey = other
            #expect(!write.replied(found, at: Self.inTime).contains { if case .refuse = $0 { true } else { false } })
        }
    }

    /// Contract, 7: what was not sent is not unknown, though it was to be.
    @Test func whatWasNotSentWasNotAskedFor() {
        var (write, _) = Self.decided(.update, at: .dualOld)
        #expect(write.isFirstChange && write.sentWrite == .old)
        _ = write.replied(WriteReply(.unreachable, .unavailable), at: Self.inTime)
        #expect(write.isOver && write.sentWrite == nil)
        (write, _) = Self.decided(.update, at: .dualOld)
        _ = write.replied(Self.ok, at: Self.inTime)
        #expect(!write.isFirstChange && write.sentWrite == .new)
    }

    @Test func aWriteOfOneSideIsFollowedByNobody() {
        var (write, steps) = Self.decided(.update, at: .new)
        #expect(
            Self.asked(steps) == "decided(Migration.Stage.new); 0 new call(checksFollower: false) client")
        #expect(
            Self.asked(write.replied(Self.ok, at: Self.inTime)) == "answer: reply of new; close: taken; finish")
    }

    // MARK: - Walks

    /// Whatever the sides say and whenever the client leaves: a write ends, answers or refuses once at most, leaves the
    /// lane that it has entered exactly once, and ends each move that it has begun.
    @Test(arguments: 0..<40) func everyWalkEndsAndLeavesItsLaneOnce(_ seed: UInt64) {
        var walk = Walk(seed: seed)
        for _ in 0..<250 { walk.run() }
        #expect(walk.faults.isEmpty, "\(walk.faults.first ?? "")")
    }

    private struct Walk {
        private var state: UInt64
        var faults: [String] = []

        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

        private mutating func below(_ limit: UInt64) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % limit)
        }

        private mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[below(UInt64(elements.count))]
        }

        mutating func run() {
            let kind = pick([CallKind.update, .upsert, .insert, .delete])
            let stages: [Stage] = [.old, .dualOld, .dualNew, .newMirrored, .new]
            let moves = kind == .update && below(3) == 0
            let keys = WriteGrayKeys(present: [1], next: moves ? [2] : nil)
            var write = RecordWrite(kind, pick([services, stores]), keys)
            var queue = Array(write.start())
            var trace = "\(kind)"
            var (holdsLane, lefts, answers, openMoves, isOver) = (false, 0, 0, 0, false)
            for _ in 0..<200 {
                guard !queue.isEmpty else { break }
                let step = queue.removeFirst()
                trace += " | \(step)"
                let moment = pick([inTime, inTime, inTime, isOver ? gone : inTime, late])
                var more = WriteSteps()
                switch step {
                case .enterLane, .waitForSingles:
                    // Who gives way has the lane.
                    let entries: [LaneEntry] = [.entered, .entered, .waits, .full, .closed]
                    let entry = step == .enterLane ? pick(entries) : pick([.entered, .waits])
                    more = write.entered(entry)
                    if entry == .entered { holdsLane = true }
                    guard entry == .waits else { break }
                    if below(4) == 0 {
                        (isOver, holdsLane) = (true, false)
                        more = write.clientLeft()
                    } else {
                        holdsLane = true
                        more = write.laneCalled(isOpen: true)
                    }
                case .look:
                    var situation = situation(pick(stages), next: moves ? pick(stages) : nil, pending: pick(stages))
                    if below(2) == 0 { situation.pending = nil }
                    situation.moves = pick([.free, .free, .singlesRun, .unsettled])
                    more = write.decide(below(20) == 0 ? nil : situation)
                case .beginMove:
                    openMoves += 1
                    if below(5) == 0 { more = write.clientLeft() }
                    more = more.then(write.singlesFound())
                case .endMove: openMoves -= 1
                case .claim(let bySwitches, _): more = write.claimed(bySwitches, at: moment)
                case .waitForChange: more = write.changeEnded(isRefused: below(3) == 0)
                case .checkRoom: more = write.roomChecked(isThere: below(10) > 0, at: moment)
                case .ask: more = ended(&write, moment, &isOver)
                case .leaveLane, .close:
                    if !holdsLane { faults.append("left a lane that it has not: \(trace)") }
                    (holdsLane, lefts) = (false, lefts + 1)
                case .answer, .refuse: answers += 1
                case .abandonLane, .decideAnew, .decided, .dropTimeout, .beginDouble, .cancelAsk, .note, .finish: break
                }
                queue += more
            }
            if !write.isOver { faults.append("has not ended: \(trace)") }
            if holdsLane { faults.append("keeps its lane: \(trace)") }
            if lefts > 1 || answers > 1 { faults.append("left or answered twice: \(trace)") }
            if openMoves != 0 { faults.append("\(openMoves) moves are open: \(trace)") }
        }

        private mutating func ended(
            _ write: inout RecordWrite, _ moment: WriteMoment, _ isOver: inout Bool
        ) -> WriteSteps {
            var steps = WriteSteps()
            if below(15) == 0 {
                isOver = true
                steps = below(2) == 0 ? write.clientLeft() : write.deadlinePassed()
            }
            if below(15) == 0 { return steps.then(write.notMade(at: moment)) }
            let outcomes: [WriteReply] = [
                ok, ok, ok, WriteReply(.absent, .notFound), WriteReply(.rejected(.aborted), .aborted),
                WriteReply(.unreachable, .unavailable), WriteReply(.ambiguous(.internal), .internal),
                WriteReply(.unknown(.unavailable), .unavailable),
            ]
            var reply = pick(outcomes)
            reply.isMisfit = reply.outcome == .rejected(.aborted) && below(2) == 0
            reply.isKeptOtherwise = below(8) == 0
            reply.otherKey =
                below(8) == 0 ? OtherKey(stage: pick([Stage.dualOld, .dualNew]), mayBeMissed: below(2) == 0) : nil
            return steps.then(write.replied(reply, at: moment))
        }
    }
}
