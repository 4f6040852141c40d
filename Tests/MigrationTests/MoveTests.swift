import Testing

@testable import Migration

/// Every move between two rungs, and every reason for which one is refused, by name.
@Suite struct MoveTests {
    private static func state(
        _ phase: Phase, enrolled: KeySelection = .all, gray: KeySelection = .none
    ) -> SwitchState {
        SwitchState(phase: phase, enrolled: enrolled, gray: gray)
    }

    private static func keys(_ keys: String..., percent: UInt32 = 0) -> KeySelection {
        var set = KeySelection()
        set.add(keys.map { [$0] })
        set.percentTimes100 = percent
        return set
    }

    private static func file(_ name: String) -> KeySelection {
        var set = KeySelection()
        set.allowFile = name
        return set
    }

    private static func allBut(_ key: String) -> KeySelection {
        var set = KeySelection.all
        set.remove([[key]])
        return set
    }

    /// Nothing is known against any move.
    private static var clear: MoveFacts {
        var facts = MoveFacts()
        facts.newHoldsRecords = false
        return facts
    }

    private static func facts(_ change: (inout MoveFacts) -> Void) -> MoveFacts {
        var facts = clear
        change(&facts)
        return facts
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let move: Move
        let obstacles: [String]

        init(_ name: String, _ from: SwitchState, _ to: SwitchState, _ facts: MoveFacts, _ obstacles: String...) {
            self.name = name
            move = Move(from: from, to: to, facts: facts)
            self.obstacles = obstacles
        }

        var testDescription: String { name }
    }

    static let setCases = [
        Case("nothing changes", state(.migrating), state(.migrating), clear),
        Case("gray grows", state(.migrating), state(.migrating, gray: keys("1")), clear),
        Case(
            "gray grows over a dirty record", state(.migrating), state(.migrating, gray: keys("1")),
            facts { $0.dirtyRecords = 2 }, "dirty-records"),
        Case(
            "gray shrinks over a dirty record", state(.migrating, gray: keys("1")), state(.migrating),
            facts { $0.dirtyRecords = 2 }),
        Case(
            "gray, not enrolled", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: keys("1"), gray: keys("2")), facts { $0.grayNotEnrolled = ["2"] },
            "not-enrolled"),
        Case(
            "more percent gray than enrolled", state(.migrating, enrolled: keys(percent: 100)),
            state(.migrating, enrolled: keys(percent: 100), gray: keys(percent: 200)), clear, "share-not-enrolled"),
        Case(
            "gray while inserts go to old", state(.migrating), state(.migrating, gray: keys("1")),
            facts { $0.insertsIntoOldOnly = true }, "inserts-old"),
        Case("enrolled grows", state(.migrating, enrolled: .none), state(.migrating, enrolled: keys("1")), clear),
        Case(
            "enrolled grows again", state(.migrating, enrolled: .none), state(.migrating, enrolled: keys("1")),
            facts { $0.leftEnrolled = .yes }, "left-before"),
        Case(
            "enrolled grows, nobody knows whether keys have left", state(.migrating, enrolled: .none),
            state(.migrating, enrolled: keys("1")), facts { $0.leftEnrolled = .unknown("no record") }, "left-before"),
        Case(
            "gray grows after keys have left", state(.migrating), state(.migrating, gray: keys("1")),
            facts { $0.leftEnrolled = .yes }),
        Case(
            "enrolled shrinks, inserts on both, new alone has records", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: .none), facts { $0.newOnlyRecords = NewOnlyRecords(count: 1, examples: ["3"]) },
            "records-on-new-only"),
        Case(
            "enrolled shrinks, inserts on both, new alone has none", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: .none),
            facts {
                $0.newOnlyRecords = NewOnlyRecords(count: 0, examples: [])
                $0.hasUnseenWrites = true
            }),
        Case(
            "enrolled shrinks, nobody saw the writes before", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: .none), facts { $0.hasUnseenWrites = true }, "records-on-new-only"),
        Case(
            "enrolled shrinks, inserts on both", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: .none), clear),
        Case(
            "enrolled shrinks, inserts on new", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: .none), facts { $0.insertsIntoNewOnly = true }, "records-on-new-only"),
        Case(
            "enrolled shrinks below gray", state(.migrating, gray: .all),
            state(.migrating, enrolled: .none, gray: .all),
            clear, "share-not-enrolled"),
        Case(
            "a gray key leaves enrolled", state(.migrating, enrolled: keys("1"), gray: keys("1")),
            state(.migrating, enrolled: .none, gray: keys("1")), facts { $0.grayNotEnrolled = ["1"] }, "not-enrolled"),
        Case(
            "gray shrinks, and more is gray than enrolled still", state(.migrating, enrolled: .none, gray: .all),
            state(.migrating, enrolled: .none, gray: keys(percent: 100)), clear),
        Case(
            "gray shrinks while inserts go to old", state(.migrating, gray: keys("1", "2")),
            state(.migrating, gray: keys("1")), facts { $0.insertsIntoOldOnly = true }),
        Case(
            "enrolled grows, a service was never called", state(.migrating, enrolled: .none),
            state(.migrating, enrolled: keys("1")), facts { $0.servicesNeverCalled = ["a.B"] }, "service-never-called"),
        Case(
            "gray grows, a service that nobody names was called", state(.migrating), state(.migrating, gray: keys("1")),
            facts { $0.servicesNotNamed = ["a.B"] }, "service-not-named"),
        Case(
            "gray grows, an unlisted method was called", state(.migrating), state(.migrating, gray: keys("1")),
            facts { $0.unlistedMethods = ["a.B/C"] }, "unlisted-methods"),
        Case(
            "gray shrinks whatever is called", state(.migrating, gray: keys("1")), state(.migrating),
            facts {
                $0.servicesNeverCalled = ["a.B"]
                $0.servicesNotNamed = ["a.C"]
                $0.unlistedMethods = ["a.B/C"]
            }),
        Case(
            "gray goes from all to a file over a dirty record", state(.migrating, gray: .all),
            state(.migrating, gray: file("pilot")), facts { $0.dirtyRecords = 2 }),
        Case("sets are prepared at idle", state(.idle, enrolled: .none), state(.idle, enrolled: keys("1")), clear),
    ]

    static let phaseCases = [
        Case("idle to migrating", state(.idle), state(.migrating), clear),
        Case(
            "idle to migrating, new holds records", state(.idle), state(.migrating),
            facts { $0.newHoldsRecords = true }, "new-holds-records"),
        Case(
            "idle to migrating, new cannot be asked", state(.idle), state(.migrating),
            facts { $0.newHoldsRecords = nil }, "new-not-counted"),
        Case(
            "idle to migrating, unlisted method", state(.idle), state(.migrating),
            facts { $0.unlistedMethods = ["a.B/C"] }, "unlisted-methods"),
        Case(
            "idle to migrating, gray already", state(.idle, gray: keys("1")), state(.migrating, gray: keys("1")),
            clear, "gray-not-empty"),
        Case("migrating to mirrored", state(.migrating), state(.mirrored), clear, "not-verified"),
        Case(
            "migrating to mirrored, part is enrolled", state(.migrating, enrolled: keys("1")), state(.mirrored), clear,
            "several-stages", "not-verified"),
        Case(
            "migrating to mirrored, nothing is enrolled", state(.migrating, enrolled: .none), state(.mirrored), clear,
            "several-stages", "not-verified"),
        Case(
            "mirrored to migrating, nothing is enrolled", state(.mirrored), state(.migrating, enrolled: .none), clear,
            "several-stages"),
        Case(
            "migrating to mirrored, dirty", state(.migrating), state(.mirrored), facts { $0.dirtyRecords = 1 },
            "not-verified", "dirty-records"),
        Case("mirrored to finished", state(.mirrored), state(.finished), clear, "old-will-miss-writes"),
        Case(
            "forward over a service that was never called", state(.idle), state(.migrating),
            facts { $0.servicesNeverCalled = ["a.B"] }, "service-never-called"),
        Case(
            "forward over a service that nobody names", state(.mirrored), state(.finished),
            facts { $0.servicesNotNamed = ["a.B"] }, "service-not-named", "old-will-miss-writes"),
        Case(
            "back over a service that nobody names", state(.mirrored), state(.migrating),
            facts { $0.servicesNotNamed = ["a.B"] }),
        Case(
            "mirrored to finished, dirty", state(.mirrored), state(.finished), facts { $0.dirtyRecords = 1 },
            "old-will-miss-writes", "dirty-records"),
        Case("finished to retired", state(.finished), state(.retired), clear, "for-good"),
        Case(
            "finished to retired, dirty", state(.finished), state(.retired), facts { $0.dirtyRecords = 1 }, "for-good",
            "dirty-records"),
        Case("migrating to idle, inserts on both", state(.migrating), state(.idle), clear),
        Case(
            "migrating to idle, dirty", state(.migrating), state(.idle), facts { $0.dirtyRecords = 1 }),
        Case(
            "migrating to idle, inserts on new", state(.migrating), state(.idle),
            facts { $0.insertsIntoNewOnly = true }, "records-on-new-only"),
        Case(
            "migrating to idle, inserts on both, new alone has records", state(.migrating), state(.idle),
            facts { $0.newOnlyRecords = NewOnlyRecords(count: 2, examples: ["3"]) }, "records-on-new-only"),
        Case(
            "migrating to idle, nobody saw the writes before", state(.migrating), state(.idle),
            facts { $0.hasUnseenWrites = true }, "records-on-new-only"),
        Case(
            "migrating to idle, inserts on new, nobody enrolled", state(.migrating, enrolled: .none), state(.idle),
            facts { $0.insertsIntoNewOnly = true }),
        Case(
            "migrating to idle, gray", state(.migrating, gray: keys("1")), state(.idle, gray: keys("1")), clear,
            "gray-not-empty"),
        Case(
            "mirrored to migrating, dirty", state(.mirrored), state(.migrating), facts { $0.dirtyRecords = 1 }),
        Case("finished to mirrored", state(.finished), state(.mirrored), clear, "old-missed-writes"),
    ]

    @Test(arguments: setCases + phaseCases) func obstacles(_ test: Case) {
        #expect(test.move.obstacles.map(\.name) == test.obstacles)
    }

    @Test func noMoveIsMoreThanOneRung() {
        for from in Phase.allCases {
            for to in Phase.allCases where abs(Int(from.rawValue) - Int(to.rawValue)) > 1 {
                let names = Move(from: Self.state(from), to: Self.state(to), facts: Self.clear).obstacles.map(\.name)
                #expect(names == [from == .retired ? "retired" : "several-rungs"], "\(from.name) to \(to.name)")
            }
        }
    }

    /// Rules P were checked for stages that follow one another: a change that takes a key further is two changes.
    @Test(arguments: [
        ("idle to gray", state(.idle), state(.migrating, gray: keys("1")), "1 would go from stage old to dualNew"),
        ("gray to idle", state(.migrating, gray: keys("1")), state(.idle), "1 would go from stage dualNew to old"),
        ("all gray to idle", state(.migrating, gray: .all), state(.idle), "Keys would go from stage dualNew to old"),
        (
            "gray to nothing", state(.migrating, gray: .all), state(.migrating, enrolled: .none),
            "Keys would go from stage dualNew to old"
        ),
        (
            "both sets grow", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: keys("1", "2"), gray: keys("1", "2")), "2 would go from stage old to dualNew"
        ),
        (
            "shares grow over each other", state(.migrating, enrolled: keys(percent: 100)),
            state(.migrating, enrolled: keys(percent: 300), gray: keys(percent: 200)), "Keys would go from stage old"
        ),
        (
            "nothing enrolled to mirrored", state(.migrating, enrolled: .none), state(.mirrored),
            "Keys would go from stage old to newMirrored"
        ),
        (
            "mirrored to nothing enrolled", state(.mirrored), state(.migrating, enrolled: .none),
            "Keys would go from stage newMirrored to old"
        ),
        (
            "part enrolled to mirrored", state(.migrating, enrolled: keys("1")), state(.mirrored),
            "Keys would go from stage old to newMirrored"
        ),
        (
            "mirrored to part enrolled", state(.mirrored), state(.migrating, enrolled: keys(percent: 9999)),
            "Keys would go from stage newMirrored to old"
        ),
        (
            "all but one enrolled to mirrored", state(.migrating, enrolled: allBut("7")), state(.mirrored),
            "7 would go from stage old to newMirrored"
        ),
        (
            "mirrored to all but one enrolled", state(.mirrored), state(.migrating, enrolled: allBut("7")),
            "7 would go from stage newMirrored to old"
        ),
        (
            "a gray key is denied in enrolled", state(.migrating, gray: .all),
            state(.migrating, enrolled: allBut("7"), gray: .all), "7 would go from stage dualNew to old"
        ),
        (
            "a denied key is enrolled and gray", state(.migrating, enrolled: allBut("7"), gray: .all),
            state(.migrating, gray: .all), "7 would go from stage old to dualNew"
        ),
    ])
    func aJumpOverAStageIsNamed(what: String, from: SwitchState, to: SwitchState, words: String) throws {
        let jump = try #require(Move(from: from, to: to, facts: Self.clear).severalStages, "\(what)")
        #expect(jump.sentence("orders").hasPrefix(words) && jump.waiver == .none, "\(what)")
    }

    /// One stage for each key, or nobody can tell.
    @Test(arguments: [
        (
            "one key is enrolled, another gray", state(.migrating, enrolled: keys("1")),
            state(.migrating, enrolled: keys("1", "2"), gray: keys("1"))
        ),
        (
            "shares grow side by side", state(.migrating, enrolled: keys(percent: 200)),
            state(.migrating, enrolled: keys(percent: 300), gray: keys(percent: 200))
        ),
        (
            "a percentage decides", state(.migrating, enrolled: keys(percent: 200)),
            state(.migrating, enrolled: keys("1"), gray: keys("1"))
        ),
        ("gray outside enrolled", state(.migrating, enrolled: .none), state(.migrating, enrolled: .none, gray: .all)),
        ("sets at idle", state(.idle, enrolled: .none), state(.idle, gray: .all)),
        ("all enrolled to mirrored", state(.migrating), state(.mirrored)),
        ("mirrored to all enrolled", state(.mirrored), state(.migrating)),
        ("sets at mirrored", state(.mirrored), state(.mirrored, enrolled: .none)),
    ])
    func aStepIsNoJump(what: String, from: SwitchState, to: SwitchState) {
        #expect(Move(from: from, to: to, facts: Self.clear).severalStages == nil, "\(what)")
    }

    @Test func aSentenceNamesTheNextRung() throws {
        let move = Move(from: Self.state(.idle), to: Self.state(.finished), facts: Self.clear)
        let sentence = try #require(move.obstacles.first).sentence("orders")
        #expect(sentence.hasSuffix("switchover total orders migrating"))
    }

    @Test func forwardIsTowardsNew() {
        #expect(Move(from: Self.state(.idle), to: Self.state(.migrating), facts: Self.clear).isForward)
        #expect(!Move(from: Self.state(.finished), to: Self.state(.mirrored), facts: Self.clear).isForward)
        let gray = Self.state(.migrating, gray: Self.keys("1"))
        #expect(Move(from: Self.state(.migrating), to: gray, facts: Self.clear).isForward)
        #expect(!Move(from: gray, to: Self.state(.migrating), facts: Self.clear).isForward)
        #expect(!Move(from: Self.state(.idle), to: Self.state(.idle, gray: .all), facts: Self.clear).isForward)
    }

    @Test(arguments: setCases + phaseCases) func everyRefusalSaysWhatToDo(_ test: Case) {
        for obstacle in test.move.obstacles {
            let sentence = obstacle.sentence("orders")
            #expect(sentence.split(separator: ". ").count >= 2, "\(sentence)")
            if obstacle.waiver == .force { #expect(sentence.contains("--force orders")) }
        }
    }

    /// The advice names the set that the refused change left alone, and a command that is right in this state.
    @Test func theAdviceFitsTheSetThatChanges() throws {
        func advice(_ from: SwitchState, _ to: SwitchState, _ gone: [String] = []) throws -> String {
            let move = Move(from: from, to: to, facts: Self.facts { $0.grayNotEnrolled = gone })
            return try #require(move.obstacles.first).sentence("orders")
        }
        let keys = Self.keys("1")
        let all = Self.state(.migrating, gray: .all)
        #expect(
            try advice(all, Self.state(.migrating, enrolled: .none, gray: .all)).hasSuffix(
                "switchover gray orders none"))
        #expect(
            try advice(all, Self.state(.migrating, enrolled: Self.keys(percent: 250), gray: .all))
                .hasSuffix("switchover gray orders percent 2.5"))
        #expect(
            try advice(Self.state(.migrating, gray: keys), Self.state(.migrating, enrolled: .none, gray: keys), ["1"])
                .hasSuffix("Take it out of gray first: switchover gray orders remove 1"))
        let nobody = Self.state(.migrating, enrolled: .none)
        #expect(
            try advice(nobody, Self.state(.migrating, enrolled: .none, gray: .all))
                .hasSuffix("Enrol first: switchover enrol orders all"))
        #expect(
            try advice(nobody, Self.state(.migrating, enrolled: .none, gray: Self.keys(percent: 500)))
                .hasSuffix("Enrol first: switchover enrol orders percent 5"))
        #expect(
            try advice(
                nobody, Self.state(.migrating, enrolled: .none, gray: Self.keys("1", "2", "3", "4")),
                ["1", "2", "3", "4"]
            )
            .hasSuffix("Enrol first: switchover enrol orders add 1 2 3 4"))
    }

    @Test func recordsThatWouldDisappearAreCountedAndTheirNumberIsTyped() {
        let counted = MoveObstacle.recordsOnNewOnly(NewOnlyRecords(count: 7, examples: ["1", "2"]))
        #expect(counted.waiver == .hiddenRecords(7))
        #expect(counted.sentence("orders").hasPrefix("7 records of these keys are on new only (1, 2, ...): old would"))
        #expect(counted.sentence("orders").hasSuffix("--force 7"))
        let one = MoveObstacle.recordsOnNewOnly(NewOnlyRecords(count: 1, examples: ["1"]))
        #expect(one.sentence("orders").hasPrefix("1 record of these keys is on new only (1): old would not show them."))
        let none = MoveObstacle.recordsOnNewOnly(NewOnlyRecords(count: 0, examples: []))
        #expect(none.waiver == .hiddenRecords(0))
        #expect(none.sentence("orders").hasSuffix("--force 0"))
        #expect(MoveObstacle.recordsOnNewOnly(nil).waiver == .force)
    }

    @Test func databasesAreAskedOnlyWhatCanStandInTheWay() {
        func question(_ from: SwitchState, _ to: SwitchState, insertsIntoNew: Bool = true) -> Move.Question {
            Move(from: from, to: to, facts: Self.facts { $0.insertsIntoNewOnly = insertsIntoNew }).question
        }
        let (idle, some) = (Self.state(.idle), Self.state(.migrating, enrolled: Self.keys("1")))
        let none = Self.state(.migrating, enrolled: .none)
        #expect(question(idle, some) == .whetherNewHoldsRecords)
        #expect(question(some, none) == .whatNewAloneHas)
        #expect(question(some, none, insertsIntoNew: false) == .whatNewAloneHas)
        #expect(question(some, idle) == .whatNewAloneHas)
        #expect(question(none, idle) == .none)
        #expect(question(none, some) == .none)
        #expect(question(some, Self.state(.migrating, enrolled: Self.keys("1"), gray: Self.keys("1"))) == .none)
        #expect(question(Self.state(.mirrored), Self.state(.finished)) == .none)
    }

    @Test func whatIsEasilyOverlookedIsSaid() {
        func notes(_ from: SwitchState, _ to: SwitchState, _ change: (inout MoveFacts) -> Void) -> [String] {
            Move(from: from, to: to, facts: Self.facts(change)).notes.map { String($0.prefix(24)) }
        }
        let none = Self.state(.migrating, enrolled: .none)
        let some = Self.state(.migrating, enrolled: Self.keys("1"))
        let gray = Self.state(.migrating, enrolled: Self.keys("1"), gray: Self.keys("1"))
        #expect(notes(none, some) { $0.insertsIntoNewOnly = true } == ["Inserts of these keys go"])
        #expect(notes(none, some) { _ in } == [])
        #expect(notes(Self.state(.idle), some) { $0.insertsIntoNewOnly = true } == ["Inserts of these keys go"])
        #expect(notes(Self.state(.idle), none) { $0.insertsIntoNewOnly = true } == [])
        #expect(notes(some, gray) { $0.insertsIntoNewOnly = true } == ["New is asked first for t"])
        #expect(notes(some, gray) { $0.fallsBackToOld = false } == ["New alone is asked for t"])
        #expect(notes(gray, some) { $0.insertsIntoNewOnly = true } == ["Keys that stay enrolled "])
        #expect(notes(gray, some) { _ in } == [])
        #expect(notes(Self.state(.migrating), Self.state(.mirrored)) { $0.insertsIntoNewOnly = true } == [])
        #expect(
            notes(Self.state(.finished), Self.state(.finished, gray: .all)) { _ in } == ["The sets count only in p"])
        #expect(notes(Self.state(.idle), Self.state(.idle, gray: .all)) { _ in } == ["The sets count only from"])
    }

    @Test func whatDoesNotFollowTheGraySwitchIsSaid() {
        let none = Self.state(.migrating, enrolled: .none)
        let some = Self.state(.migrating, enrolled: Self.keys("1"))
        let gray = Self.state(.migrating, enrolled: Self.keys("1"), gray: Self.keys("1"))
        let facts = Self.facts {
            $0.totalSwitchMethods = ["Watch"]
            $0.passedWrites = ["Import"]
            $0.methodsWithoutRest = ["List"]
        }
        func notes(_ from: SwitchState, _ to: SwitchState) -> String {
            Move(from: from, to: to, facts: facts).notes.joined(separator: "\n")
        }
        let enrolled = notes(none, some)
        #expect(enrolled.contains("do not follow the gray switch: Watch. Old answers them until phase mirrored"))
        #expect(enrolled.contains("Import writes on old alone"))
        #expect(enrolled.contains("answers of List that are merged"))
        let isGray = notes(some, gray)
        #expect(isGray.contains("do not follow the gray switch: Watch") && !isGray.contains("List"))
        #expect(notes(gray, some) == "")
        #expect(notes(Self.state(.migrating), Self.state(.mirrored)) == "From now on new answers Watch too.")
    }

    @Test func whatCannotBeKnownOfTheTimeBeforeTheStartIsSaid() {
        let some = Self.state(.migrating, enrolled: Self.keys("1"))
        let gray = Self.state(.migrating, enrolled: Self.keys("1"), gray: Self.keys("1"))
        func isSaid(_ from: SwitchState, _ to: SwitchState) -> Bool {
            Move(from: from, to: to, facts: Self.facts { $0.unknownBefore = "2026-01-01T00:00:00Z" }).notes
                .contains { $0.contains("before 2026-01-01T00:00:00Z is not known") }
        }
        #expect(
            isSaid(some, gray) && isSaid(some, Self.state(.mirrored))
                && isSaid(Self.state(.mirrored), Self.state(.finished)))
        #expect(!isSaid(gray, some) && !isSaid(Self.state(.mirrored), some))
        #expect(!isSaid(Self.state(.migrating, enrolled: .none), some))
    }
}
