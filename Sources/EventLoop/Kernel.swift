#if !Simulation
package import CLinux
package import Glibc

/// The one door to the system: every call that could wait, fail, or answer differently another time.
///
/// Thin on purpose: C's own arguments, -1 and `errno` where C says so, integer descriptors. A build with the trait
/// `Simulation` takes `Kernel+Simulated.swift` instead, so that whole sidecars run on a simulated machine; this build
/// pays nothing for it. What is not here (memory, constants, text) is called from anywhere.
package enum Kernel {
    package static let isSimulated = false

    /// Does nothing: this one asks the system.
    package static func run(on model: any KernelModel) {}

    // MARK: - Clocks and chance

    /// Nanoseconds since an arbitrary start that outlives the process.
    @inline(__always)
    package static var monotonicNanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Since 1970, UTC.
    package static var realTime: (seconds: Int, nanoseconds: Int) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return (time.tv_sec, time.tv_nsec)
    }

    package static func sleep(nanoseconds: UInt64) {
        usleep(UInt32(clamping: nanoseconds / 1000))
    }

    package static func random() -> UInt64 { UInt64.random(in: 0 ... .max) }

    // MARK: - Threads

    /// Starts a thread on which all signals are blocked; 0 and `errno` where the system has none left.
    package static func startThread(
        _ context: UnsafeMutableRawPointer, _ body: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) -> UInt {
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let start = UnsafeMutablePointer<ThreadStart>.allocate(capacity: 1)
        start.initialize(to: ThreadStart(context: context, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { memory in
                guard let memory = memory?.assumingMemoryBound(to: ThreadStart.self) else { return nil }
                let start = memory.move()
                memory.deallocate()
                start.body(start.context)
                return nil
            }, start)
        guard code == 0 else {
            start.deinitialize(count: 1)
            start.deallocate()
            errno = code
            return 0
        }
        return thread
    }

    private struct ThreadStart {
        let context: UnsafeMutableRawPointer
        let body: @convention(c) (UnsafeMutableRawPointer) -> Void
    }

    /// What ps and top show of the calling thread, at most 15 bytes.
    package static func nameThread(_ name: String) { name.withCString { name_thread($0) } }

    package static func join(_ thread: UInt) { pthread_join(thread, nil) }

    package static func detach(_ thread: UInt) { pthread_detach(thread) }

    @inline(__always)
    package static var currentThread: UInt { pthread_self() }

    // MARK: - Locks and conditions

    package typealias Mutex = UnsafeMutablePointer<pthread_mutex_t>
    package typealias Condition = UnsafeMutablePointer<pthread_cond_t>

    @inline(__always)
    package static func lock(_ mutex: Mutex) { pthread_mutex_lock(mutex) }

    @inline(__always)
    package static func unlock(_ mutex: Mutex) { pthread_mutex_unlock(mutex) }

    package static func makeCondition() -> Condition {
        let condition = Condition.allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        return condition
    }

    package static func free(_ condition: Condition) {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }

    /// Gives `mutex` away, waits for a signal, and takes it again. False once `end`, monotonic nanoseconds, is over.
    package static func wait(_ condition: Condition, _ mutex: Mutex, until end: UInt64 = .max) -> Bool {
        guard end != .max else { return pthread_cond_wait(condition, mutex) == 0 }
        var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
    }

    package static func signal(_ condition: Condition) { pthread_cond_signal(condition) }
    package static func broadcast(_ condition: Condition) { pthread_cond_broadcast(condition) }

    // MARK: - Readiness

    package static func makeEpoll() -> Int32 { epoll_create1(Int32(EPOLL_CLOEXEC)) }

    package static func control(
        _ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ event: UnsafeMutablePointer<epoll_event>
    ) -> Int32 {
        epoll_ctl(epoll, operation, descriptor, event)
    }

    @inline(__always)
    package static func wait(
        _ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ count: Int32, milliseconds: Int32
    ) -> Int32 {
        epoll_wait(epoll, events, count, milliseconds)
    }

    /// A counter that is readable while it is not zero; non-blocking.
    package static func makeEvent() -> Int32 { eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)) }

    package static func poll(_ descriptors: inout [pollfd], milliseconds: Int32) -> Int32 {
        Glibc.poll(&descriptors, nfds_t(descriptors.count), milliseconds)
    }

    /// Readable when one of these arrives, which do nothing else from now on, on this thread and those it starts.
    package static func makeSignals(_ numbers: [Int32]) -> Int32 {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
    }

    package static func ignoreSignals(_ numbers: [Int32]) {
        for number in numbers { Glibc.signal(number, SIG_IGN) }
    }

    // MARK: - Process

    package static var processID: Int32 { getpid() }

    /// Whether a process of that number is there, as far as this one may see.
    package static func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno != ESRCH }

    /// Zeros where the system does not say.
    package static var descriptorLimit: rlimit {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit
    }

    package static func setDescriptorLimit(_ limit: rlimit) {
        var limit = limit
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    // MARK: - Sockets

    /// Non-blocking, closed on exec.
    package static func socket(_ family: Int32) -> Int32 { Glibc.socket(family, Self.streamType, 0) }

    package static func socketPair(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        socketpair(AF_UNIX, Self.streamType, 0, ends)
    }

    private static let streamType = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)

    package static func bind(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
        Glibc.bind(socket, address, size)
    }

    package static func listen(_ socket: Int32, _ backlog: Int32) -> Int32 { Glibc.listen(socket, backlog) }

    package static func connect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
        Glibc.connect(socket, address, size)
    }

    /// The next waiting connection, non-blocking and closed on exec.
    package static func accept(_ listener: Int32) -> Int32 { accept_nonblocking(listener) }

    package static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// What became of a connect that was under way; 0: it is connected.
    package static func error(of socket: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
        return code
    }

    package static func localAddress(of socket: Int32) -> sockaddr_storage {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &storage) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        return storage
    }

    /// Who is at the other end of a Unix socket; nil where the kernel does not know.
    package static func peer(of socket: Int32) -> (process: Int32, user: UInt32)? {
        var credentials = switchover_peer_credentials()
        guard switchover_read_peer_credentials(socket, &credentials) == 0 else { return nil }
        return (credentials.process, credentials.user)
    }

    @inline(__always)
    package static func receive(_ socket: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        recv(socket, buffer, count, 0)
    }

    /// Never SIGPIPE.
    @inline(__always)
    package static func send(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        Glibc.send(socket, bytes, count, Int32(MSG_NOSIGNAL))
    }

    package static func shutDownWriting(_ socket: Int32) { shutdown(socket, Int32(SHUT_WR)) }

    /// getaddrinfo(3): blocks.
    package static func resolve(
        _ host: String, _ port: String, _ hints: inout addrinfo,
        _ list: inout UnsafeMutablePointer<addrinfo>?
    ) -> Int32 {
        getaddrinfo(host, port, &hints, &list)
    }

    package static func free(_ list: UnsafeMutablePointer<addrinfo>?) {
        if let list { freeaddrinfo(list) }
    }

    // MARK: - Files

    package static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
        Glibc.open(path, flags, mode)
    }

    @discardableResult
    package static func close(_ descriptor: Int32) -> Int32 { Glibc.close(descriptor) }

    @discardableResult
    package static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        Glibc.read(descriptor, buffer, count)
    }

    package static func read(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int, at offset: Int
    ) -> Int {
        pread(descriptor, buffer, count, off_t(offset))
    }

    @discardableResult
    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        Glibc.write(descriptor, bytes, count)
    }

    @discardableResult
    package static func write(
        _ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, at offset: Int
    ) -> Int {
        pwrite(descriptor, bytes, count, off_t(offset))
    }

    @discardableResult
    package static func cut(_ descriptor: Int32, to size: Int) -> Int32 { ftruncate(descriptor, off_t(size)) }

    package static func sync(_ descriptor: Int32) -> Int32 { fsync(descriptor) }

    /// -1 where the file has none (lseek(2)).
    package static func size(of descriptor: Int32) -> Int { Int(lseek(descriptor, 0, SEEK_END)) }

    package static func status(of descriptor: Int32, _ status: inout stat) -> Int32 { fstat(descriptor, &status) }

    package static func status(_ path: String, _ status: inout stat, followsLinks: Bool = true) -> Int32 {
        followsLinks ? stat(path, &status) : lstat(path, &status)
    }

    /// By the mode of access(2).
    package static func isAccessible(_ path: String, _ mode: Int32 = F_OK) -> Bool { access(path, mode) == 0 }

    /// Without links, absolute; nil and `errno` where there is nothing.
    package static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { Glibc.free(resolved) }
        return String(cString: resolved)
    }

    package static func rename(_ from: String, _ to: String) -> Int32 { Glibc.rename(from, to) }
    package static func link(_ from: String, _ to: String) -> Int32 { Glibc.link(from, to) }

    @discardableResult
    package static func unlink(_ path: String) -> Int32 { Glibc.unlink(path) }

    package static func lock(_ descriptor: Int32, _ operation: Int32) -> Int32 { flock(descriptor, operation) }

    package static func setOwner(_ descriptor: Int32, _ user: uid_t, _ group: gid_t) -> Int32 {
        fchown(descriptor, user, group)
    }

    package static func setMode(_ descriptor: Int32, _ mode: mode_t) { fchmod(descriptor, mode) }

    @discardableResult
    package static func setMask(_ mask: mode_t) -> mode_t { umask(mask) }

    package static func attribute(_ name: String, of path: String, _ buffer: inout [UInt8]) -> Int {
        getxattr(path, name, &buffer, buffer.count)
    }

    package static func setAttribute(_ name: String, of descriptor: Int32, _ value: ArraySlice<UInt8>) {
        value.withUnsafeBytes { _ = fsetxattr(descriptor, name, $0.baseAddress, $0.count, 0) }
    }

    /// The names in a folder, but for `.` and `..`; none where it cannot be read.
    package static func names(in folder: String) -> [String] {
        guard let folder = opendir(folder) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// What a link says; nil where there is none.
    package static func destination(ofLink path: String) -> String? {
        var text = [UInt8](repeating: 0, count: 256)
        let count = readlink(path, &text, text.count)
        return count < 0 ? nil : String(decoding: text[..<count], as: UTF8.self)
    }

    package static func makeFolderWatch() -> Int32 { inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)) }

    package static func watch(_ watch: Int32, _ folder: String, _ mask: UInt32) -> Int32 {
        inotify_add_watch(watch, folder, mask)
    }
}
#endif
