import Testing
import WireFormat

@testable import Migration

@Suite struct GraySetTests {
    static let cohort = Cohort(migration: HeldGraySet.migration)

    static func set(_ keys: String...) throws -> KeySet { try KeySet(keys: keys.map(\.utf8)) }

    static func bucket(_ key: String) -> UInt32 { KeyMemory.with(Array(key.utf8), cohort.bucket) }

    @Test func noneAndAll() throws {
        let none = HeldGraySet()
        #expect(none.isNone)
        #expect(!none.isAll)
        #expect(!none.contains("367"))
        let all = HeldGraySet(everything: true)
        #expect(all.isAll)
        #expect(!all.isNone)
        #expect(all.contains("367"))
    }

    /// Every combination: deny beats allow, allow beats the percentage, everything takes what is not denied.
    @Test(arguments: [false, true], [false, true])
    func precedence(isDenied: Bool, isAllowed: Bool) throws {
        for everything in [false, true] {
            for percentTimes100 in [0, Self.bucket("367"), Self.bucket("367") + 1, 10_000] as [UInt32] {
                let deny = isDenied ? try Self.set("1", "367") : try Self.set("1")
                let allow = isAllowed ? try Self.set("406", "367") : try Self.set("406")
                let gray = HeldGraySet(
                    everything: everything, deny: deny, allow: allow, percentTimes100: percentTimes100)
                let isInPercentage = Self.bucket("367") < percentTimes100
                let expected = !isDenied && (everything || isAllowed || isInPercentage)
                #expect(gray.contains("367") == expected, "everything \(everything), percent \(percentTimes100)")
            }
        }
    }

    @Test func aDenyListLeavesNoSetWhole() throws {
        let everything = HeldGraySet(everything: true, deny: try Self.set("367"))
        #expect(!everything.isAll)
        #expect(!everything.isNone)
        #expect(!everything.contains("367"))
        #expect(everything.contains("368"))
        let percentage = HeldGraySet(deny: try Self.set("367"), percentTimes100: 10_000)
        #expect(!percentage.isAll)
        #expect(!percentage.contains("367"))
    }

    @Test func aWholePercentageIsAll() {
        #expect(HeldGraySet(percentTimes100: 10_000).isAll)
        let nearly = HeldGraySet(percentTimes100: 9_999)
        #expect(!nearly.isAll)
        let least = HeldGraySet(percentTimes100: 1)
        #expect(!least.isNone)
    }

    /// Growing the percentage never puts a key out, and each share is about what it says.
    @Test func aPercentageOnlyGrows() {
        let keys = (0..<20_000).map { "store-\($0)" }
        var before: Set<String> = []
        for percentTimes100 in [1, 10, 100, 250, 1_000, 5_000, 9_999, 10_000] as [UInt32] {
            let gray = HeldGraySet(percentTimes100: percentTimes100)
            var now: Set<String> = []
            for key in keys where gray.contains(key) { now.insert(key) }
            #expect(now.isSuperset(of: before))
            let share = 10_000 * now.count / keys.count
            #expect(abs(share - Int(percentTimes100)) <= 120)
            before = now
        }
        #expect(before.count == keys.count)
    }
}
