import Testing

@testable import Sidecar

@Suite struct SpellingTests {
    @Test(arguments: [
        ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abd", 1),
        ("kitten", "sitting", 3),
        ("ca", "abc", 3),
    ])
    func distanceCountsLettersAndSwaps(one: String, other: String, distance: Int) {
        #expect(Spelling.distance(Array(one), Array(other)) == distance)
    }

    @Test(arguments: [
        ("listn", "listen"), ("LISTEN", "listen"), ("single", "single_query"), ("single_query_x", "single_query"),
        ("zzz", nil), ("", nil), ("si", nil),
    ])
    func theNearestWordIsOneThatCouldHaveBeenMeant(word: String, nearest: String?) {
        #expect(Spelling.nearest(to: word, among: ["single_query", "listen", "pass_through"]) == nearest)
    }
}
