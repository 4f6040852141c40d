package import WireFormat

/// What the shell is to do next for a write of one record (`RecordWrite`). Some are answered by an event, which is
/// named.
package enum WriteStep: Sendable, Equatable {
    /// Enter the record's lane: `entered`.
    case enterLane
    /// Wait no more for it.
    case abandonLane
    /// Leave it: nothing is known of the record that was not known before.
    case leaveLane
    /// Say what the switches and the record table say of the record just now: `decide`.
    case look
    /// Have writes of one side take the lane from now on, and those counted that are under way: `singlesFound`.
    case beginMove
    case endMove
    /// Let those go first, which take no lane, and come before all others then: `entered`.
    case waitForSingles
    /// Note in the record table that the write is decided now, by the switches if the record is not pinned: `claimed`.
    case claim(bySwitches: Stage?, movesTo: Stage?)
    /// Wait for the end of the change that holds the record's key: `changeEnded`.
    case waitForChange
    /// Give the call back: its stage depends on a gray key by now that is to be looked up.
    case decideAnew
    /// The write has this stage.
    case decided(Stage)
    /// The method's time-out counts no more.
    case dropTimeout
    /// Say whether both sides, this one first, would be sent a request just now: `roomChecked`.
    case checkRoom(Side)
    /// Both sides are about to be written.
    case beginDouble
    /// Ask a side: `replied`, or `notMade`.
    case ask(WriteAsk)
    /// The answer of the ask that is out is not wanted any more; `replied` tells its end.
    case cancelAsk
    /// Count and log what the write has come to.
    case note(WriteEnd)
    case answer(WriteAnswer)
    case refuse(WriteRefusal)
    /// Note in the record table what the write leaves behind, and leave the lane, or leave it closed.
    case close(WriteClosing)
    /// Nothing more will be asked.
    case finish
}

/// Why a write is refused before any side was asked for a change.
package enum WriteRefusal: Sendable, Equatable {
    case noSwitches
    case laneFull
    case laneClosed
    case keyMoving
    case deadlinePassed
    /// A side would not be sent it (`roomChecked`).
    case noRoom
    /// That side has another record of this key, by the status that says so.
    case anotherRecord(on: Side, GRPCStatus)
}

/// A request of one side. One is out at a time.
package struct WriteAsk: Sendable, Equatable {
    package enum Request: Sendable, Equatable {
        /// The client's own call; with the question whether the follower could hold the record as it is then.
        case call(checksFollower: Bool)
        /// The same, carried out and rolled back.
        case trial
        /// Whether the side has the record; with the question by which gray key it is found there.
        case lookUp(readsGrayKey: Bool)
        /// The record that the reply `of` bears, in place of the side's row, or as a new one.
        case put(PutMode)
        /// The same, if the side still has what the reply `found` bears.
        case place
        case erase
        /// The same, if the side still has that.
        case eraseFound
    }

    package enum Deadline: Sendable, Equatable {
        case client
        /// The client's patience does not count any more once one side has the write.
        case follower
        /// The later of the two.
        case clientOrFollower
    }

    package let side: Side
    package let request: Request
    package let deadline: Deadline
    /// Which ask it is, from 0 on.
    package let number: UInt8
    /// The asks whose replies the request is made of, where they are known.
    package let of: UInt8?
    package let found: UInt8?
}

/// How an ask has ended, and what of the reply the write depends on.
package struct WriteReply: Sendable, Equatable {
    package var outcome: WriteOutcome
    package var status: GRPCStatus
    /// The follower could not hold the record; nothing was changed.
    package var isMisfit = false
    /// The side says that its row is not what it was given.
    package var isKeptOtherwise = false
    /// Of a look-up that reads it: the gray key that the row there bears, where it is another one than the write's.
    package var otherKey: OtherKey?

    package init(_ outcome: WriteOutcome, _ status: GRPCStatus) {
        self.outcome = outcome
        self.status = status
    }
}

/// The gray key of a row that was looked up, where it is not the write's.
package struct OtherKey: Sendable, Equatable {
    /// What the switches say of it.
    package let stage: Stage
    /// A write before may have missed the row: then it says nothing.
    package let mayBeMissed: Bool

    package init(stage: Stage, mayBeMissed: Bool) {
        self.stage = stage
        self.mayBeMissed = mayBeMissed
    }

    /// Whether the row is a record in its own right: its key makes that side its authority.
    func isAnotherRecord(on side: Side) -> Bool { !mayBeMissed && stage.authority == side }
}

/// What is true of a write's call while an event comes.
package struct WriteMoment: Sendable, Equatable {
    /// Monotonic nanoseconds.
    package let now: UInt64
    /// Monotonic nanoseconds; 0: none.
    package let deadline: UInt64
    /// Nobody waits for the answer, or there has been one.
    package let isOver: Bool

    /// Less time than this is not worth beginning with, nanoseconds.
    static let leastTime: UInt64 = 5_000_000

    package init(now: UInt64, deadline: UInt64, isOver: Bool) {
        self.now = now
        self.deadline = deadline
        self.isOver = isOver
    }

    var isLate: Bool { deadline != 0 && deadline < now &+ Self.leastTime }
}

/// What the switches and the record table say of a record whose lane is held.
package struct WriteSituation: Sendable, Equatable {
    /// Of the gray key that the record has, and of the one that the write gives it.
    package struct Stages: Sendable, Equatable {
        /// Nil: depends on a gray key that is not known.
        package var present: Stage?
        /// Nil: the write gives it none.
        package var next: Stage?

        package init(present: Stage?, next: Stage?) {
            self.present = present
            self.next = next
        }
    }

    package var switches: Stages
    /// By those that a change is about to put in force; nil: there is none.
    package var pending: Stages?
    package var pin: Stage?
    package var isToMoveTo: Stage?
    package var moves = MoveStanding.free

    package init(_ switches: Stages, pending: Stages? = nil) {
        self.switches = switches
        self.pending = pending
    }
}

/// What an update that moves its record to another stage finds, at its turn, of the writes of one side.
package enum MoveStanding: Equatable, Sendable {
    case free
    /// Some are under way.
    case singlesRun
    /// One was lost and may still take effect: it must not find the record at another stage.
    case unsettled
}

/// What a decided write leaves behind, once its client has been answered.
package struct WriteClosing: Sendable, Equatable {
    package var verdict = WriteVerdict.refused
    /// Both sides were to have it.
    package var isDouble = false
    /// It may still take effect for the quiet period.
    package var isUnsettled = false
    /// Whether both sides have the record now, or neither; nil: as before.
    package var isEqual: Bool?
    package var isDelete = false
    /// What a side does not have there, it has not at all.
    package var isInStores = false
    /// The stage that it was decided by.
    package let stage: Stage
    /// Where it has left a record whose gray key it changes; nil: it changes none.
    package var leftAt: Stage?
    /// Such a record is found under its new gray key at this stage alone.
    package var keeps: Stage?

    package init(_ stage: Stage) { self.stage = stage }
}

/// What the sides have made of a write.
package enum WriteVerdict: Sendable {
    /// One of them has it.
    case taken
    case refused
    /// It was sent, and what it has changed is not known.
    case unclear
}

/// A few steps, in place: no list of a machine is longer.
package struct WriteSteps: Sendable, Sequence {
    private var steps: InlineArray<8, WriteStep?> = .init(repeating: nil)
    private var count = 0

    init(_ first: WriteStep? = nil, _ second: WriteStep? = nil) {
        add(first)
        add(second)
    }

    /// Nil adds nothing.
    mutating func add(_ step: WriteStep?) {
        guard let step else { return }
        steps[count] = step
        count += 1
    }

    func then(_ step: WriteStep?) -> WriteSteps {
        var steps = self
        steps.add(step)
        return steps
    }

    func then(_ others: WriteSteps) -> WriteSteps {
        var steps = self
        for step in others { steps.add(step) }
        return steps
    }

    package struct Iterator: IteratorProtocol {
        fileprivate let steps: WriteSteps
        fileprivate var index = 0

        package mutating func next() -> WriteStep? {
            guard index < steps.count else { return nil }
            defer { index += 1 }
            return steps.steps[index]
        }
    }

    package func makeIterator() -> Iterator { Iterator(steps: self) }
}
