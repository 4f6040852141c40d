package import CLinux
package import Glibc

/// A machine that `Kernel` asks in a build for simulation, call by call: the same names, arguments and results.
package protocol KernelModel: AnyObject {
    var monotonicNanoseconds: UInt64 { get }
    var realTime: (seconds: Int, nanoseconds: Int) { get }
    func sleep(nanoseconds: UInt64)
    func random() -> UInt64
    func startThread(
        _ context: UnsafeMutableRawPointer, _ body: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) -> UInt
    func nameThread(_ name: String)
    func join(_ thread: UInt)
    func detach(_ thread: UInt)
    var currentThread: UInt { get }
    func lock(_ mutex: Kernel.Mutex)
    func unlock(_ mutex: Kernel.Mutex)
    func makeCondition() -> Kernel.Condition
    func free(_ condition: Kernel.Condition)
    func wait(_ condition: Kernel.Condition, _ mutex: Kernel.Mutex, until end: UInt64) -> Bool
    func signal(_ condition: Kernel.Condition)
    func broadcast(_ condition: Kernel.Condition)
    func makeEpoll() -> Int32
    func control(_ epoll: Int32, _ operation: Int32, _ descriptor: Int32, _ event: UnsafeMutablePointer<epoll_event>)
        -> Int32
    func wait(_ epoll: Int32, _ events: UnsafeMutablePointer<epoll_event>, _ count: Int32, milliseconds: Int32) -> Int32
    func makeEvent() -> Int32
    func poll(_ descriptors: inout [pollfd], milliseconds: Int32) -> Int32
    func makeSignals(_ numbers: [Int32]) -> Int32
    func ignoreSignals(_ numbers: [Int32])
    var processID: Int32 { get }
    var descriptorLimit: rlimit { get }
    func setDescriptorLimit(_ limit: rlimit)
    func socket(_ family: Int32) -> Int32
    func socketPair(_ ends: UnsafeMutablePointer<Int32>) -> Int32
    func bind(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32
    func listen(_ socket: Int32, _ backlog: Int32) -> Int32
    func connect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t) -> Int32
    func accept(_ listener: Int32) -> Int32
    func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32)
    func error(of socket: Int32) -> Int32
    func localAddress(of socket: Int32) -> sockaddr_storage
    func peer(of socket: Int32) -> (process: Int32, user: UInt32)?
    func receive(_ socket: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int
    func send(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int
    func shutDownWriting(_ socket: Int32)
    func resolve(_ host: String, _ port: String, _ hints: inout addrinfo, _ list: inout UnsafeMutablePointer<addrinfo>?)
        -> Int32
    func free(_ list: UnsafeMutablePointer<addrinfo>?)
    func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32
    func close(_ descriptor: Int32) -> Int32
    func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int
    func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int, at offset: Int) -> Int
    func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int
    func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, at offset: Int) -> Int
    func cut(_ descriptor: Int32, to size: Int) -> Int32
    func sync(_ descriptor: Int32) -> Int32
    func status(of descriptor: Int32, _ status: inout stat) -> Int32
    func status(_ path: String, _ status: inout stat, followsLinks: Bool) -> Int32
    func isAccessible(_ path: String, _ mode: Int32) -> Bool
    func realPath(_ path: String) -> String?
    func rename(_ from: String, _ to: String) -> Int32
    func link(_ from: String, _ to: String) -> Int32
    func unlink(_ path: String) -> Int32
    func lock(_ descriptor: Int32, _ operation: Int32) -> Int32
    func setOwner(_ descriptor: Int32, _ user: uid_t, _ group: gid_t) -> Int32
    func setMode(_ descriptor: Int32, _ mode: mode_t)
    func setMask(_ mask: mode_t) -> mode_t
    func attribute(_ name: String, of path: String, _ buffer: inout [UInt8]) -> Int
    func setAttribute(_ name: String, of descriptor: Int32, _ value: ArraySlice<UInt8>)
    func names(in folder: String) -> [String]
    func destination(ofLink path: String) -> String?
    func size(of descriptor: Int32) -> Int
    func isAlive(_ process: Int32) -> Bool
    func makeFolderWatch() -> Int32
    func watch(_ watch: Int32, _ folder: String, _ mask: UInt32) -> Int32
}
