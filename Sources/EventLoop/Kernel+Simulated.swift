#if Simulation
package import CLinux
package import Glibc

/// The door of a build for simulation: every call is answered by a machine that exists in memory only.
package enum Kernel {
    package static let isSimulated = true

    /// Set before anything else runs, by the one thread that there is then.
    nonisolated(unsafe) private static var model: (any KernelModel)!

    package static func run(on model: any KernelModel) { self.model = model }

    package typealias Mutex = UnsafeMutablePointer<pthread_mutex_t>
    package typealias Condition = UnsafeMutablePointer<pthread_cond_t>

    package static var monotonicNanoseconds: UInt64 { model.monotonicNanoseconds }

    package static var realTime: (seconds: Int, nanoseconds: Int) { model.realTime }

    package static func sleep(nanoseconds: UInt64) {
        model.sleep(nanoseconds: nanoseconds)
    }

    package static func random() -> UInt64 {
        model.random()
    }

    package static func startThread(
        _ context: UnsafeMutableRawPointer, _ body: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) -> UInt {
        model.startThread(context, body)
    }

    package static func nameThread(_ name: String) {
        model.nameThread(name)
    }

    package static func join(_ thread: UInt) {
        model.join(thread)
    }

    package static func detach(_ thread: UInt) {
        model.detach(thread)
    }

    package static var currentThread: UInt { model.currentThread }

    package static func lock(_ mutex: Mutex) {
        model.lock(mutex)
    }

    package static func unlock(_ mutex: Mutex) {
        model.unlock(mutex)
    }

    package static func makeCondition() -> Condition {
        model.makeCondition()
    }

    package static func free(_ condition: Condition) {
        model.free(condition)
    }

    package static func wait(_ condition: Condition, _ mutex: Mutex, until end: UInt64 = .max) -> Bool {
        model.wait(condition, mutex, until: end)
    }

    package static func signal(_ condition: Condition) {
        model.signal(condition)
    }

    package static func broadcast(_ condition: Condition) {
        model.broadcast(condition)
    }

    package static func makeEpoll() -> Int32 {
        model.makeEpoll()
    }

    package static func control(
        _ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ event: UnsafeMutablePointer<epoll_event>
    ) -> Int32 {
        model.control(epoll, operation, descriptor, event)
    }

    package static func wait(
        _ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ count: Int32, milliseconds: Int32
    ) -> Int32 {
        model.wait(epoll, events, count, milliseconds: milliseconds)
    }

    package static func makeEvent() -> Int32 {
        model.makeEvent()
    }

    package static func poll(_ descriptors: inout [pollfd], milliseconds: Int32) -> Int32 {
        model.poll(&descriptors, milliseconds: milliseconds)
    }

    package static func makeSignals(_ numbers: [Int32]) -> Int32 {
        model.makeSignals(numbers)
    }

    package static func ignoreSignals(_ numbers: [Int32]) {
        model.ignoreSignals(numbers)
    }

    package static var processID: Int32 { model.processID }

    package static var descriptorLimit: rlimit { model.descriptorLimit }

    package static func setDescriptorLimit(_ limit: rlimit) {
        model.setDescriptorLimit(limit)
    }

    package static func socket(_ family: Int32) -> Int32 {
        model.socket(family)
    }

    package static func socketPair(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        model.socketPair(ends)
    }

    package static func bind(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
        model.bind(socket, address, size)
    }

    package static func listen(_ socket: Int32, _ backlog: Int32) -> Int32 {
        model.listen(socket, backlog)
    }

    package static func connect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32 {
        model.connect(socket, address, size)
    }

    package static func accept(_ listener: Int32) -> Int32 {
        model.accept(listener)
    }

    package static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        model.set(socket, level, option, value)
    }

    package static func error(of socket: Int32) -> Int32 {
        model.error(of: socket)
    }

    package static func localAddress(of socket: Int32) -> sockaddr_storage {
        model.localAddress(of: socket)
    }

    package static func peer(of socket: Int32) -> (process: Int32, user: UInt32)? {
        model.peer(of: socket)
    }

    package static func receive(_ socket: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        model.receive(socket, buffer, count)
    }

    package static func send(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        model.send(socket, bytes, count)
    }

    package static func shutDownWriting(_ socket: Int32) {
        model.shutDownWriting(socket)
    }

    package static func resolve(
        _ host: String, _ port: String, _ hints: inout addrinfo, _ list: inout UnsafeMutablePointer<addrinfo>?
    ) -> Int32 {
        model.resolve(host, port, &hints, &list)
    }

    package static func free(_ list: UnsafeMutablePointer<addrinfo>?) {
        model.free(list)
    }

    package static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
        model.open(path, flags, mode)
    }

    @discardableResult
    package static func close(_ descriptor: Int32) -> Int32 {
        model.close(descriptor)
    }

    @discardableResult
    package static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        model.read(descriptor, buffer, count)
    }

    package static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int, at offset: Int)
        -> Int
    {
        model.read(descriptor, buffer, count, at: offset)
    }

    @discardableResult
    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        model.write(descriptor, bytes, count)
    }

    @discardableResult
    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, at offset: Int) -> Int {
        model.write(descriptor, bytes, count, at: offset)
    }

    @discardableResult
    package static func cut(_ descriptor: Int32, to size: Int) -> Int32 {
        model.cut(descriptor, to: size)
    }

    package static func sync(_ descriptor: Int32) -> Int32 {
        model.sync(descriptor)
    }

    package static func status(of descriptor: Int32, _ status: inout stat) -> Int32 {
        model.status(of: descriptor, &status)
    }

    package static func status(_ path: String, _ status: inout stat, followsLinks: Bool = true) -> Int32 {
        model.status(path, &status, followsLinks: followsLinks)
    }

    package static func isAccessible(_ path: String, _ mode: Int32 = F_OK) -> Bool {
        model.isAccessible(path, mode)
    }

    package static func realPath(_ path: String) -> String? {
        model.realPath(path)
    }

    package static func rename(_ from: String, _ to: String) -> Int32 {
        model.rename(from, to)
    }

    package static func link(_ from: String, _ to: String) -> Int32 {
        model.link(from, to)
    }

    @discardableResult
    package static func unlink(_ path: String) -> Int32 {
        model.unlink(path)
    }

    package static func lock(_ descriptor: Int32, _ operation: Int32) -> Int32 {
        model.lock(descriptor, operation)
    }

    package static func setOwner(_ descriptor: Int32, _ user: uid_t, _ group: gid_t) -> Int32 {
        model.setOwner(descriptor, user, group)
    }

    package static func setMode(_ descriptor: Int32, _ mode: mode_t) {
        model.setMode(descriptor, mode)
    }

    @discardableResult
    package static func setMask(_ mask: mode_t) -> mode_t {
        model.setMask(mask)
    }

    package static func attribute(_ name: String, of path: String, _ buffer: inout [UInt8]) -> Int {
        model.attribute(name, of: path, &buffer)
    }

    package static func setAttribute(_ name: String, of descriptor: Int32, _ value: ArraySlice<UInt8>) {
        model.setAttribute(name, of: descriptor, value)
    }

    package static func names(in folder: String) -> [String] { model.names(in: folder) }
    package static func destination(ofLink path: String) -> String? { model.destination(ofLink: path) }
    package static func size(of descriptor: Int32) -> Int { model.size(of: descriptor) }
    package static func isAlive(_ process: Int32) -> Bool { model.isAlive(process) }

    package static func makeFolderWatch() -> Int32 {
        model.makeFolderWatch()
    }

    package static func watch(_ watch: Int32, _ folder: String, _ mask: UInt32) -> Int32 {
        model.watch(watch, folder, mask)
    }
}
#endif
