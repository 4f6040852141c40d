import EventLoop
import Glibc

/// Who is at the other end of a Unix socket, as the kernel says (unix(7), SO_PEERCRED).
enum PeerCredentials {
    /// `name (uid 1000), process 4711`, without what is not known.
    static func describe(_ descriptor: Int32) -> String {
        guard let credentials = Kernel.peer(of: descriptor) else { return "unknown" }
        let user = userName(credentials.user).map { "\($0) (uid \(credentials.user))" } ?? "uid \(credentials.user)"
        return credentials.process > 0 ? "\(user), process \(credentials.process)" : user
    }

    private static func userName(_ user: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
            guard let memory = buffer.baseAddress,
                getpwuid_r(user, &entry, memory, buffer.count, &found) == 0, found != nil,
                let name = entry.pw_name
            else { return nil }
            return String(cString: name)
        }
    }
}
