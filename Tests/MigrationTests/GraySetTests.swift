import TestSupport
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

    /// Of all pairs of some sets: by the definition, every key of the one is in the other.
    @Test func subsets() throws {
        let long = String(repeating: "k", count: 40)
        let lists = [[], ["a"], ["b"], ["a", "b"], ["a", "b", long], [long]]
        let keys = ["a", "b", long] + (0..<500).map { "store-\($0)" }
        typealias Parts = (everything: Bool, deny: [String], allow: [String], percentTimes100: UInt32)
        var all: [Parts] = []
        for everything in [false, true] {
            for deny in lists {
                for allow in lists {
                    for percent in [0, 3_000, 10_000] as [UInt32] { all.append((everything, deny, allow, percent)) }
                }
            }
        }
        var random = SeededRandom(seed: 1)
        func set(_ parts: Parts) throws -> GraySet {
            GraySet(
                everything: parts.everything, deny: try KeySet(keys: parts.deny.map(\.utf8)),
                allow: try KeySet(keys: parts.allow.map(\.utf8)), percentTimes100: parts.percentTimes100,
                cohort: Self.cohort)
        }
        for one in all {
            let set1 = try set(one)
            if !set1.isSubset(of: set1) { Issue.record("\(one) is not in itself") }
            for other in all where Int.random(in: 0..<8, using: &random) == 0 {
                let set2 = try set(other)
                guard set1.isSubset(of: set2) else { continue }
                for key in keys {
                    let isLost = KeyMemory.with(Array(key.utf8)) { set1.contains($0) && !set2.contains($0) }
                    if isLost { Issue.record("\(key) of \(one) is not in \(other)") }
                }
            }
        }
        let less = try set((false, [], ["a"], 100))
        let more = try set((false, [], ["a", long], 100))
        let (isLess, isMore) = (less.isSubset(of: more), more.isSubset(of: less))
        #expect(isLess && !isMore)
    }
}
