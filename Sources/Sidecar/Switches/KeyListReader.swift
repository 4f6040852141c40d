/// Reads lists of gray keys: arrays in the switch file, and files with one key a line.
struct KeyListReader {
    let form: GrayKeyForm
    let issues: Issues

    /// Longest file of keys: some twenty million of them.
    static let fileBytesAtMost = 256 << 20
    /// Wrong lines reported for one file.
    private static let problemsAtMost = 20

    /// Adds the keys of an array: texts, or arrays of texts where a key has several components.
    func read(_ value: DocumentValue, into list: inout KeyList) {
        for element in value.elements() ?? [] {
            guard let written = components(of: element) else { continue }
            do {
                try list.add { (key) throws(GrayKeyForm.Malformed) in try form.append(written, to: &key) }
            } catch {
                element.fail(error.problem)
            }
        }
    }

    private func components(of element: DocumentValue) -> [ArraySlice<UInt8>]? {
        if form.components.count == 1 {
            return element.quotedText("a key in double quotes").map { [Array($0.utf8)[...]] }
        }
        guard let elements = element.elements() else { return nil }
        let texts = elements.compactMap { $0.quotedText("a component in double quotes") }
        return texts.count == elements.count ? texts.map { Array($0.utf8)[...] } : nil
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Adds the keys of a file, one a line; several components have a tab between them, empty lines count for nothing.
    /// Lines may end as Windows writes them, and a byte order mark may come first: neither is part of a key.
    func read(file: String, named place: DocumentValue, into list: inout KeyList) {
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(file, limit: Self.fileBytesAtMost)
        } catch {
            return place.fail("\(error)")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            return place.fail("\(file) is not UTF-8 text\(isUTF16 ? " but UTF-16; save it as UTF-8" : "")")
        }
        var start = bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : bytes.startIndex
        var line = 0
        var problems = 0
        while start < bytes.endIndex, problems < Self.problemsAtMost {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            line += 1
            if let problem = add(bytes[start..<end], to: &list) {
                problems += 1
                issues.error(Place(file: file, line: line, path: ""), problem)
            }
            start = end + 1
        }
    }

    private func add(_ line: ArraySlice<UInt8>, to list: inout KeyList) -> String? {
        let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        if text.isEmpty { return nil }
        let isSingle = form.components.count == 1
        let written = isSingle ? [text] : text.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        for component in written {
            if let problem = Self.problem(of: component) { return problem }
        }
        do {
            try list.add { (key) throws(GrayKeyForm.Malformed) in try form.append(written, to: &key) }
            return nil
        } catch {
            return error.problem
        }
    }

    /// What another program has put around a key, which would make it another key.
    private static func problem(of component: ArraySlice<UInt8>) -> String? {
        guard let first = component.first, let last = component.last else { return nil }
        // A million keys pass here: no text is made for one that is right.
        if component.count > 1, first == last, first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            let inner = shown(component.dropFirst().dropLast())
            return "\(shown(component)) has quotation marks around it, which would be part of the key; write \(inner)"
        }
        if isBlank(first) || isBlank(last) {
            return
                "\"\(shown(component))\" begins or ends with a blank, which would be part of the key; remove it, or "
                + "write the key in the switch file's own list"
        }
        if component.contains(UInt8(ascii: "\r")) {
            return "the line holds a carriage return; end each line with a line feed"
        }
        return nil
    }

    private static func shown(_ component: ArraySlice<UInt8>) -> String {
        String(decoding: component.prefix(80), as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
