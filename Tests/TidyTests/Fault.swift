/// One broken rule at one place, in words that say what to do.
struct Fault: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let rule: String

    init(_ path: String, line: Int = 1, _ rule: String) {
        self.path = path
        self.line = line
        self.rule = rule
    }

    var description: String { "\(path):\(line): \(rule)" }
}
