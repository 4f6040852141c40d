import Testing

@Suite struct SwiftFunctionsTests {
    private func found(_ text: String) -> [SwiftFunctions] {
        SwiftFunctions.find(in: SourceFile(path: "Sources/A/B.swift", text: text))
    }

    @Test func measuresFromNameToClosingBrace() {
        let text = """
            struct B {
                func one() { body() }
                func many(
                    _ value: Int = { 3 }()
                ) -> Int {
                    let s = "}"  // }
                    return [1].map { $0 }.count
                }
            }
            """
        #expect(
            found(text) == [
                SwiftFunctions(name: "one", line: 2, lineCount: 1), SwiftFunctions(name: "many", line: 3, lineCount: 6),
            ]
        )
    }

    @Test func passesOverRequirementsAndCalls() {
        let text = """
            protocol P {
                func a() -> Int
                func b(
                    c: Int
                )
                init(d: Int)
            }
            func e() {
                self.init(d: 3)
            }
            """
        #expect(found(text).map(\.name) == ["e"])
    }

    @Test func knowsInitDeinitSubscriptOperatorsAndProperties() {
        let text = """
            struct B<T>: ~Copyable {
                init?(_ a: Int) { nil }
                deinit {
                }
                subscript(i: Int) -> Int {
                    get { 1 }
                }
                static func == (a: B, b: B) -> Bool { true }
                func g<U>(_ u: U) where U: P { }
                var p: Int {
                    1
                }
                var stored: [Int] = []
                let closure: () -> Void = { }
            }
            """
        #expect(found(text).map(\.name) == ["init", "deinit", "subscript", "==", "g", "p"])
        #expect(found(text).map(\.lineCount) == [1, 2, 3, 1, 1, 3])
    }
}
