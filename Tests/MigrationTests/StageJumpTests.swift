import Testing
import WireFormat

@testable import Migration

/// Contract, 2: one rung at a time. Here the sets say what a percentage, or a file of keys, does to each key.
@Suite struct StageJumpTests {
    private static let cohort = Cohort(migration: "orders")

    private struct Sets {
        var share: UInt32 = 0
        var allow: [String] = []
        var deny: [String] = []

        static let all = Sets(share: 10_000)

        func built() throws -> GraySet {
            GraySet(
                deny: try KeySet(keys: deny.map { Array($0.utf8) }),
                allow: try KeySet(keys: allow.map { Array($0.utf8) }),
                percentTimes100: share, cohort: StageJumpTests.cohort)
        }
    }

    private static func switches(
        _ phase: Phase, _ enrolled: Sets = Sets(), gray: Sets = Sets()
    ) throws -> MigrationSwitches {
        MigrationSwitches(epoch: 1, phase: phase, enrolled: try enrolled.built(), gray: try gray.built())
    }

    private static func jump(_ from: borrowing MigrationSwitches, _ to: borrowing MigrationSwitches) -> StageJump? {
        StageMoves(from: from, to: to) { String(decoding: $0, as: UTF8.self) }.jump
    }

    /// A key that half of the keys are gray with, and one that they are not.
    private static func key(isGray: Bool, percent: UInt32) -> String {
        (0...).lazy.map { "\($0)" }.first { key in
            Array(key.utf8).withUnsafeBytes { (cohort.bucket($0) < percent) == isGray }
        } ?? ""
    }

    @Test func aPercentageDecidesForADeniedKey() throws {
        let gray = Sets(share: 5000)
        for isGray in [true, false] {
            let key = Self.key(isGray: isGray, percent: 5000)
            let denied = try Self.switches(.migrating, Sets(share: 10_000, deny: [key]), gray: gray)
            let enrolled = try Self.switches(.migrating, .all, gray: gray)
            let (up, down) = (Self.jump(denied, enrolled), Self.jump(enrolled, denied))
            #expect(up?.keys == (isGray ? [key] : nil) && down?.keys == up?.keys)
            #expect(up.map { $0.from == .old && $0.to == .dualNew } ?? !isGray)
        }
    }

    @Test func keysOfAListGoOverNoStage() throws {
        let none = try Self.switches(.migrating)
        let enrolled = try Self.switches(.migrating, Sets(allow: ["1", "2"]))
        let gray = try Self.switches(.migrating, Sets(allow: ["1", "2"]), gray: Sets(allow: ["2"]))
        #expect(Self.jump(none, gray)?.keys == ["2"] && Self.jump(gray, none)?.keys == ["2"])
        #expect(Self.jump(none, enrolled) == nil && Self.jump(enrolled, none) == nil)
        #expect(Self.jump(enrolled, gray) == nil && Self.jump(gray, enrolled) == nil)
    }

    @Test(arguments: [Phase.mirrored, .finished])
    func whatIsNotEnrolledGoesToNoPhaseOfAllKeys(phase: Phase) throws {
        let beyond = try Self.switches(phase)
        let part = try Self.switches(.migrating, Sets(share: 9999))
        let allBut = try Self.switches(.migrating, Sets(share: 10_000, deny: ["7"]))
        let idle = try Self.switches(.idle, .all)
        #expect(Self.jump(beyond, part)?.keys == [] && Self.jump(part, beyond)?.keys == [])
        #expect(Self.jump(beyond, allBut)?.keys == ["7"] && Self.jump(allBut, beyond)?.keys == ["7"])
        #expect(Self.jump(beyond, idle) != nil && Self.jump(idle, beyond) != nil)
        let all = try Self.switches(.migrating, .all)
        #expect(Self.jump(all, beyond) == nil && Self.jump(beyond, all) == nil)
    }

    @Test func sharesMayGrowSideBySide() throws {
        let one = try Self.switches(.migrating, Sets(share: 200))
        let two = try Self.switches(.migrating, Sets(share: 300), gray: Sets(share: 200))
        let three = try Self.switches(.migrating, Sets(share: 500), gray: Sets(share: 400))
        #expect(Self.jump(one, two) == nil && Self.jump(two, one) == nil)
        #expect(Self.jump(two, three) != nil && Self.jump(three, two) != nil)
    }
}
