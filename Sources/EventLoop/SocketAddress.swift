import CLinux
import Glibc

/// An address a socket is bound or connected to, ready for the kernel: IPv4, IPv6, or the path of a Unix socket.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The `sockaddr_*` structure's bytes, at most 110.
    private let bytes: [UInt8]
    package let description: String

    package var isUnix: Bool { family == AF_UNIX }
    /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
    package var family: Int32 { bytes.withUnsafeBytes { Int32($0.loadUnaligned(as: sa_family_t.self)) } }

    /// The path of a Unix socket, at most 107 bytes; nil when it is longer, empty, or holds a NUL.
    package init?(unixPath path: String) {
        var address = sockaddr_un()
        let utf8 = Array(path.utf8)
        guard !utf8.isEmpty, utf8.count < MemoryLayout.size(ofValue: address.sun_path), !utf8.contains(0) else {
            return nil
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: utf8) }
        bytes = withUnsafeBytes(of: address) { Array($0) }
        description = "unix:" + path
    }

    fileprivate init(_ info: addrinfo) {
        bytes = Array(UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen)))
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: 32)
        getnameinfo(
            info.ai_addr, info.ai_addrlen, &host, socklen_t(host.count), &port, socklen_t(port.count),
            NI_NUMERICHOST | NI_NUMERICSERV
        )
        let name = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let number = String(decoding: port.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        description = info.ai_family == AF_INET6 ? "[\(name)]:\(number)" : "\(name):\(number)"
    }

    /// Whether only this machine can reach it: 127.0.0.0/8, ::1, or a Unix socket.
    package var isLoopback: Bool {
        bytes.withUnsafeBytes { raw in
            switch family {
            case AF_INET: return raw[4] == 127
            case AF_INET6: return raw[8..<23].allSatisfy { $0 == 0 } && raw[23] == 1
            default: return true
            }
        }
    }

    /// All addresses of a host name or numeric address, in the resolver's order. Blocks: never on a loop that serves
    /// calls.
    package static func resolve(host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG
        // Numeric addresses are taken even where no such family is configured (::1 in a container without IPv6 routes).
        if host.contains(":") || host.allSatisfy({ $0.isNumber || $0 == "." }) {
            hints.ai_flags = AI_NUMERICSERV | AI_NUMERICHOST
        }
        var list: UnsafeMutablePointer<addrinfo>?
        let status = Kernel.resolve(host, String(port), &hints, &list)
        guard status == 0 else { throw ResolutionError(host: host, reason: String(cString: gai_strerror(status))) }
        defer { Kernel.free(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let info = next {
            addresses.append(SocketAddress(info.pointee))
            next = info.pointee.ai_next
        }
        return addresses
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        bytes.withUnsafeBytes { raw in
            // Copied to storage that is aligned as the kernel's structures are.
            var storage = sockaddr_storage()
            return withUnsafeMutableBytes(of: &storage) { aligned in
                aligned.copyMemory(from: raw)
                return body(aligned.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            }
        }
    }

    package static func == (one: SocketAddress, other: SocketAddress) -> Bool { one.bytes == other.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// A host name that could not be resolved, with the resolver's words.
package struct ResolutionError: Error, CustomStringConvertible {
    package let host: String
    package let reason: String

    package init(host: String, reason: String) {
        self.host = host
        self.reason = reason
    }

    package var description: String { "cannot resolve \(host): \(reason)" }
}
