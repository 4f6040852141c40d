import Glibc

/// Where to listen or connect: `host:port`, `[v6]:port` or `unix:/path`. Names are resolved later, off the loops.
package enum Address: Sendable, Hashable, CustomStringConvertible {
    /// `host` is a name or a numeric address, IPv6 without brackets.
    case tcp(host: String, port: UInt16)
    /// At most 107 bytes, what the kernel takes.
    case unix(path: String)

    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Relative Unix paths count from `folder`. Port 0 (any free port) is taken only where something listens.
    package init(_ text: String, relativeTo folder: String = "", allowsAnyPort: Bool = false) throws(Malformed) {
        if text.hasPrefix("unix:") {
            self = .unix(path: try Address.unixPath(text.dropFirst(5), relativeTo: folder))
            return
        }
        let (host, port) = try Address.split(text)
        guard let number = UInt16(port), port.allSatisfy({ $0.isASCII && $0.isNumber }), number > 0 || allowsAnyPort
        else {
            let range = allowsAnyPort ? "0 to 65535" : "1 to 65535"
            throw Malformed(description: "port \"\(port)\" of \"\(text)\" is none; write a number from \(range)")
        }
        self = .tcp(host: host, port: number)
    }

    /// Whether only this machine can reach it. A name other than `localhost` may mean any address, so it does not
    /// count.
    package var isLoopback: Bool {
        switch self {
        case .unix: true
        case .tcp("localhost", _): true
        case .tcp(let host, _): Address.isLoopbackNumber(host)
        }
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// What a request to it names as `:authority`: a socket of this machine has no name of its own.
    package var authority: String {
        if case .unix = self { "localhost" } else { description }
    }

    private static func unixPath(_ written: Substring, relativeTo folder: String) throws(Malformed) -> String {
        guard !written.isEmpty, !written.utf8.contains(0) else {
            throw Malformed(description: "\"unix:\" needs a path; write unix:/run/switchover/name.sock")
        }
        let path = resolve(String(written), in: folder)
        guard path.utf8.count <= 107 else {
            throw Malformed(
                description: "the path of a Unix socket has at most 107 bytes, \(path) has \(path.utf8.count)")
        }
        return path
    }

    private static func resolve(_ path: String, in folder: String) -> String {
        if path.hasPrefix("/") || folder.isEmpty { return path }
        return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
    }

    private static func split(_ text: String) throws(Malformed) -> (host: String, port: Substring) {
        if let scheme = text.firstRange(of: "://") {
            throw Malformed(
                description: "\"\(text)\" is a URL; write \(text[scheme.upperBound...].prefix { $0 != "/" }) alone")
        }
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
            throw Malformed(description: "\"\(text)\" has no port; write host:port, [v6]:port or unix:/path")
        }
        let host = text[..<colon]
        let port = text[text.index(after: colon)...]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let number = String(host.dropFirst().dropLast())
            guard isIPv6(number) else {
                throw Malformed(
                    description: "\"\(number)\" is no IPv6 address; write host:port, [v6]:port or unix:/path")
            }
            return (number, port)
        }
        guard !host.contains(":") else {
            throw Malformed(description: "\"\(text)\" is ambiguous; write an IPv6 address in brackets: [::1]:50051")
        }
        guard isHost(host) else {
            let problem = host.isEmpty ? "\"\(text)\" has no host" : "\"\(host)\" is no host name or IPv4 address"
            throw Malformed(description: "\(problem); write host:port, [v6]:port or unix:/path")
        }
        return (String(host), port)
    }

    /// A name by RFC 1123 (underscores let pass, container networks use them), or four numbers.
    private static func isHost(_ host: Substring) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        if host.allSatisfy({ $0 == "." || ($0.isASCII && $0.isNumber) }) { return isIPv4(String(host)) }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        }
    }

    private static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1
    }

    private static func isIPv6(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, host, &address) == 1
    }

    private static func isLoopbackNumber(_ host: String) -> Bool {
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 { return withUnsafeBytes(of: v4) { $0[0] == 127 } }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, host, &v6) == 1 else { return false }
        return withUnsafeBytes(of: v6) { bytes in
            let mapped =
                bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF && bytes[12] == 127
            return mapped || (bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1)
        }
    }
}

extension Address {
    /// A host name, which may mean another address tomorrow.
    package var isName: Bool {
        guard case .tcp(let host, _) = self else { return false }
        return !host.contains(":") && !host.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// All socket addresses that it stands for. Blocks.
    package func resolve() throws(ResolutionError) -> [SocketAddress] {
        switch self {
        case .tcp(let host, let port): return try SocketAddress.resolve(host: host, port: port)
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw ResolutionError(host: path, reason: "not the path of a Unix socket")
            }
            return [address]
        }
    }
}
