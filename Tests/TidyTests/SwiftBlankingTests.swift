import Testing

@Suite struct SwiftBlankingTests {
    @Test(arguments: [
        ("a // { b\nc", "a       \nc"),
        ("a /* { /* } */ */ b", "a                 b"),
        (#"f("{") + 1"#, #"f(   ) + 1"#),
        (#"f("\"{") + 1"#, #"f(     ) + 1"#),
        (##"f(#"{"}"#) + 1"##, ##"f(       ) + 1"##),
        (#"f("a\(g("{", h(1)))}") + 1"#, #"f(                   ) + 1"#),
        ("x = \"\"\"\n  {\n  \"\"\"\ny", "x =    \n   \n     \ny"),
        ("#if DEBUG\n#endif", "#if DEBUG\n#endif"),
        ("a /* open {", "a          "),
        (#"a "open {"#, "a        "),
    ])
    func blanksCommentsAndLiterals(text: String, code: String) {
        #expect(SwiftBlanking.blank(text) == code)
    }
}
