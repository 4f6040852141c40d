import Testing

@testable import Migration

@Suite struct KeySelectionTests {
    private static func listed(_ keys: String..., percent: UInt32 = 0, deny: [String] = []) -> KeySelection {
        var set = KeySelection()
        set.allow = keys.map { [$0] }
        set.deny = deny.map { [$0] }
        set.percentTimes100 = percent
        return set
    }

    /// Contract, 2: a change is what keys go where, not how the file is written.
    @Test func theOrderOfKeysSaysNothing() {
        var (one, other) = (KeySelection(), KeySelection())
        (one.allow, other.allow) = ([["1"], ["2"]], [["2"], ["1"]])
        #expect(one == other)
        other.allow.append(["3"])
        #expect(one != other)
        (one.deny, other.deny) = ([["1"]], [["2"]])
        other.allow = one.allow
        #expect(one != other)
    }

    @Test func addingListsAKeyOnce() {
        var set = Self.listed("1")
        set.add([["1"], ["2"], ["2"]])
        #expect(set == Self.listed("1", "2"))
    }

    @Test func addingTakesADenialBack() {
        var set = Self.listed(percent: 10_000, deny: ["1", "2"])
        set.add([["1"]])
        #expect(set == Self.listed(percent: 10_000, deny: ["2"]), "all are in: nothing needs to be listed")
        var part = Self.listed(percent: 500, deny: ["1"])
        part.add([["1"]])
        #expect(part == Self.listed("1", percent: 500))
    }

    @Test func removingUnlists() {
        var set = Self.listed("1", "2")
        set.remove([["1"], ["9"]])
        #expect(set == Self.listed("2"))
    }

    @Test func removingDeniesWhereAShareOrAFileWouldLetTheKeyIn() {
        var all = KeySelection.all
        all.remove([["1"]])
        #expect(all == Self.listed(percent: 10_000, deny: ["1"]))
        var part = Self.listed("1", percent: 500)
        part.remove([["1"], ["1"]])
        #expect(part == Self.listed(percent: 500, deny: ["1"]))
        var file = KeySelection()
        file.allowFile = "keys"
        file.remove([["1"]])
        #expect(file.deny == [["1"]])
    }

    struct Comparison: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let one: KeySelection
        let other: KeySelection
        let gains: Bool
    }

    private static var file: KeySelection {
        var set = KeySelection()
        set.allowFile = "keys"
        return set
    }

    static let comparisons = [
        Comparison(testDescription: "same", one: listed("1"), other: listed("1"), gains: false),
        Comparison(testDescription: "one more", one: listed("1", "2"), other: listed("1"), gains: true),
        Comparison(testDescription: "one less", one: listed("1"), other: listed("1", "2"), gains: false),
        Comparison(testDescription: "percent up", one: listed(percent: 2), other: listed(percent: 1), gains: true),
        Comparison(testDescription: "percent down", one: listed(percent: 1), other: listed(percent: 2), gains: false),
        Comparison(testDescription: "listed beside all", one: listed("1"), other: .all, gains: false),
        Comparison(
            testDescription: "listed, was denied", one: listed("1"), other: listed(percent: 10_000, deny: ["1"]),
            gains: true),
        Comparison(
            testDescription: "denial gone", one: listed(percent: 50), other: listed(percent: 50, deny: ["1"]),
            gains: true),
        Comparison(
            testDescription: "denial new", one: listed(percent: 50, deny: ["1"]), other: listed(percent: 50),
            gains: false),
        Comparison(testDescription: "all over none", one: .all, other: .none, gains: true),
        Comparison(testDescription: "none over all", one: .none, other: .all, gains: false),
        Comparison(
            testDescription: "all over all but one", one: .all, other: listed(percent: 10_000, deny: ["1"]),
            gains: true),
        Comparison(testDescription: "a file", one: file, other: .none, gains: true),
        Comparison(testDescription: "the same file", one: file, other: file, gains: false),
        Comparison(testDescription: "a file over all", one: file, other: .all, gains: false),
        Comparison(testDescription: "all over a file", one: .all, other: file, gains: true),
        Comparison(
            testDescription: "a file over all but one", one: file, other: listed(percent: 10_000, deny: ["1"]),
            gains: true),
        Comparison(
            testDescription: "a list that does not name a key that was denied", one: listed("2"),
            other: listed("2", deny: ["1"]), gains: false),
        Comparison(
            testDescription: "another form of the same letter", one: listed("Z\u{FC}rich"),
            other: listed("Zu\u{308}rich"), gains: true),
    ]

    @Test(arguments: comparisons) func gain(_ comparison: Comparison) {
        #expect(comparison.one.mayGain(over: comparison.other) == comparison.gains)
    }

    /// Contract, 6: text keys are bytes. Letters that look the same may be two keys.
    @Test func keysAreBytes() {
        let (composed, decomposed) = ("Z\u{FC}rich", "Zu\u{308}rich")
        var set = Self.listed(composed)
        set.add([[decomposed]])
        #expect(set.allow.count == 2 && set != Self.listed(composed, composed))
        set.remove([[composed]])
        #expect(set.allow.map { Array($0.components[0].utf8) } == [Array(decomposed.utf8)])
        var part = Self.listed(percent: 500, deny: [composed])
        part.add([[decomposed]])
        #expect(part.deny.count == 1)
        #expect(Self.listed(composed) != Self.listed(decomposed))
        #expect(Self.listed(percent: 500, deny: [composed]) != Self.listed(percent: 500, deny: [decomposed]))
        var (one, other) = (KeySelection(), KeySelection())
        (one.allowFile, other.allowFile) = (composed, decomposed)
        #expect(one != other && one.mayGain(over: other))
    }
}
