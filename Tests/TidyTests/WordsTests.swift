import Testing

@Suite struct WordsTests {
    @Test(arguments: [
        ("print(", "print(1)", true), ("print(", "blueprint(1)", false), ("print(", "x.print(1)", true),
        ("try!", "a = try! b", true), ("try!", "retry! b", false), ("async", "asynchronous", false),
        ("async", "func a() async", true), ("async", "a_async async", true), ("async", "", false),
    ])
    func findsWholeWords(word: String, line: String, found: Bool) {
        #expect(Words.anyOf([word], isWordIn: line[...]) == found)
    }

    @Test func splitsIdentifiers() {
        #expect(Words.identifiers(in: "final class A_1<B>: C, D.E {") == ["final", "class", "A_1", "B", "C", "D", "E"])
    }
}
