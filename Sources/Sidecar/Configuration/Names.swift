/// The names that a configuration gives or refers to.
enum Names {
    /// Names of upstreams and migrations end up in metrics, logs and commands, so they are kept simple. `off` is taken.
    static func check(_ name: String, _ what: String, at value: DocumentValue) {
        let isSimple = name.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == ".")
        }
        guard isSimple, (1...64).contains(name.utf8.count), name.first?.isLetter == true else {
            return value.fail(
                "\"\(name)\" cannot name \(article(what)) \(what); write a letter, then letters, digits, -, _ or ., "
                    + "64 at most"
            )
        }
        if name == "off" {
            value.fail("\"off\" cannot name \(article(what)) \(what), since it means none; write another name")
        }
    }

    /// A full protobuf service name: identifiers joined by dots.
    static func isService(_ name: String) -> Bool {
        name.utf8.count <= 255 && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isIdentifier)
    }

    static func isIdentifier(_ name: Substring) -> Bool {
        guard let first = name.first, first.isASCII, first.isLetter || first == "_", name.utf8.count <= 255 else {
            return false
        }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// gRPC's own services, which tools call on any port and which have no records.
    static func isInfrastructure(_ service: some Collection<UInt8>) -> Bool {
        let prefixes: [StaticString] = ["grpc.health.", "grpc.reflection.", "grpc.channelz.", "grpc.lb."]
        return prefixes.contains { prefix in
            service.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        }
    }

    private static func article(_ word: String) -> String { "aeiou".contains(word.prefix(1)) ? "an" : "a" }
}
