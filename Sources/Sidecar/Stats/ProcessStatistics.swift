import EventLoop
import Glibc

/// What the kernel says about this process, under the names that Prometheus clients use.
package struct ProcessStatistics: Sendable, Equatable {
    package var cpuSeconds = 0.0
    package var residentBytes: UInt64 = 0
    package var virtualBytes: UInt64 = 0
    package var openDescriptors = 0
    /// Nil when there is no limit.
    package var maxDescriptors: UInt64?
    package var threads = 0
    /// Seconds since 1970.
    package var startSeconds = 0.0

    package init() {}

    /// Reads /proc/self; what cannot be read stays zero. A few dozen microseconds: for the stats thread.
    package static func read() -> ProcessStatistics {
        var statistics = ProcessStatistics()
        if let line = contents(of: "/proc/self/stat") { statistics.take(stat: line, bootSeconds: bootSeconds()) }
        statistics.openDescriptors = countDescriptors()
        let limit = Kernel.descriptorLimit.rlim_cur
        if limit != 0, limit != .max { statistics.maxDescriptors = UInt64(limit) }
        return statistics
    }

    /// Fields of proc(5), `/proc/pid/stat`; the second is the name in parentheses, which may hold anything.
    mutating func take(stat line: String, bootSeconds: Double?) {
        guard let end = line.lastIndex(of: ")") else { return }
        // From the third on: state is fields[0].
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 21 else { return }
        let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        cpuSeconds = ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / ticksPerSecond
        threads = Int(fields[17]) ?? 0
        virtualBytes = UInt64(fields[20]) ?? 0
        residentBytes = (UInt64(fields[21]) ?? 0) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        if let bootSeconds, let ticks = Double(fields[19]) { startSeconds = bootSeconds + ticks / ticksPerSecond }
    }

    private static func bootSeconds() -> Double? {
        let line = contents(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst("btime ".count)) }
    }

    private static func countDescriptors() -> Int {
        // Not the descriptor of this folder.
        max(Kernel.names(in: "/proc/self/fd").count - 1, 0)
    }

    private static func contents(of path: String) -> String? {
        let descriptor = Kernel.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Kernel.close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = Kernel.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
