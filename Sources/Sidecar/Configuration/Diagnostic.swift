/// One thing that is wrong (or doubtful) in a file or on the command line: where it is, what it is and what to write.
package struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    package let place: Place
    package let problem: String

    package init(place: Place, problem: String) {
        self.place = place
        self.problem = problem
    }

    package var description: String { "\(place): \(problem)" }
}

/// Where a value was written: a line of a file and the path to the value in it, or an option of the command line.
package struct Place: Sendable, Equatable, CustomStringConvertible {
    /// The file's name as the user gave it; nil for the command line.
    package let file: String?
    package let line: Int?
    /// Keys joined by dots, or the option; empty for the file as a whole.
    package let path: String

    package init(file: String?, line: Int?, path: String) {
        self.file = file
        self.line = line
        self.path = path
    }

    package static func option(_ name: String) -> Place { Place(file: nil, line: nil, path: name) }

    /// `file:line: path`, without the parts that are not known.
    package var description: String {
        let position = file.map { file in line.map { "\(file):\($0)" } ?? file }
        return [position, path.isEmpty ? nil : path].compactMap { $0 }.joined(separator: ": ")
    }

    func child(_ key: String, line: Int) -> Place {
        Place(file: file, line: line, path: path.isEmpty ? key : "\(path).\(key)")
    }

    func element(_ index: Int, line: Int) -> Place { Place(file: file, line: line, path: "\(path)[\(index)]") }
}

/// Everything that is wrong with a document: readers go on after an error, so that one run names all of them.
final class Issues {
    private(set) var errors: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []

    func error(_ place: Place, _ problem: String) { errors.append(Diagnostic(place: place, problem: problem)) }

    func warn(_ place: Place, _ problem: String) { warnings.append(Diagnostic(place: place, problem: problem)) }
}

/// A file that cannot be used, with every reason, in the order of the file's lines.
package struct InvalidFile: Error, Sendable, CustomStringConvertible {
    package let diagnostics: [Diagnostic]

    init(_ diagnostics: [Diagnostic]) {
        // Stable: what stands on one line keeps the order of its discovery; the command line's errors come last.
        self.diagnostics = diagnostics.enumerated().sorted { one, other in
            (one.element.place.line ?? .max, one.offset) < (other.element.place.line ?? .max, other.offset)
        }.map(\.element)
    }

    init(_ place: Place, _ problem: String) { self.init([Diagnostic(place: place, problem: problem)]) }

    /// One line each.
    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
