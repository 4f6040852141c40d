import EventLoop
import Migration
import Stores
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Finds out which sides answer, when somebody asks; what is known of one is used again for a while. Confined to the
/// thread loop.
final class SideProbes: @unchecked Sendable {
    // Sendable because everything mutable is touched on the control loop's thread alone.

    /// How long a side may take, nanoseconds.
    private static let longestNanoseconds: UInt64 = 1_000_000_000
    /// How long what was found is used again, nanoseconds.
    private static let keptNanoseconds: UInt64 = 2_000_000_000

    /// A side of a migration.
    struct Key: Hashable {
        let migration: Int
        let side: Side
    }

    private struct Waiting {
        let keys: [Key]
        let tell: ([Key: Reachability]) -> Void
    }

    private let configuration: Configuration
    private let errands: Errands
    private let resolver: Resolver
    private let thread: LoopThread
    private let timer: UnsafeMutablePointer<Timer>
    private var found: [Key: (result: Reachability, at: UInt64)] = [:]
    private var running: [Key: (since: UInt64, probe: ServiceProbe?)] = [:]
    private var waiting: [Waiting] = []

    init(_ configuration: Configuration, errands: Errands, resolver: Resolver, thread: LoopThread) {
        self.configuration = configuration
        self.errands = errands
        self.resolver = resolver
        self.thread = thread
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                Unmanaged<SideProbes>.fromOpaque($0).takeUnretainedValue().timePassed()
            })
    }

    private var now: UInt64 { MonotonicClock.nanoseconds }

    /// `tell` is called once, with every key, a second later at the latest.
    func ask(_ keys: [Key], _ tell: @escaping ([Key: Reachability]) -> Void) {
        waiting.append(Waiting(keys: keys, tell: tell))
        for key in keys where running[key] == nil && !isFresh(key) { start(key) }
        answerWaiting()
    }

    private func isFresh(_ key: Key) -> Bool { found[key].map { $0.at + Self.keptNanoseconds > now } ?? false }

    private func start(_ key: Key) {
        running[key] = (now, nil)
        thread.loop.arm(timer, at: thread.loop.pointee.now + Self.longestNanoseconds)
        let migration = configuration.migrations[key.migration]
        if let records = migration.records { return ask(records.entity.name, key) }
        let upstream = migration.upstream(key.side)
        guard upstream < configuration.upstreams.count else { return end(key, .unknown("it is no service")) }
        resolver.resolve(configuration.upstreams[upstream].address, answerTo: thread.mailbox) { [self] result in
            switch result {
            case .success(let addresses): connect(addresses, key)
            case .failure(let error): end(key, .no("\(error)"))
            }
        }
    }

    private func connect(_ addresses: [SocketAddress], _ key: Key) {
        guard let since = running[key]?.since else { return }
        let probe = ServiceProbe(addresses, loop: thread.loop) { [unowned self] in end(key, $0) }
        running[key] = (since, probe)
        probe.start()
    }

    private func ask(_ entity: String, _ key: Key) {
        let request = SideRequest(
            side: key.side, migration: key.migration, what: .operation(.query),
            message: Switchover_V1_QueryRequest.with {
                $0.entity = entity
                $0.limit = 1
            }.bytes, deadline: now + Self.longestNanoseconds)
        errands.run(request, answerTo: thread.mailbox) { [self] answer in
            switch answer {
            case .message: end(key, .yes)
            case .unreachable(let reason): end(key, .no(reason))
            case .failed, .lost: end(key, .no(answer.problem ?? ""))
            }
        }
    }

    private func end(_ key: Key, _ result: Reachability) {
        guard let ended = running.removeValue(forKey: key) else { return }
        ended.probe?.cancel()
        found[key] = (result, now)
        // Not in the middle of a probe's own work.
        thread.mailbox.post { [self] in answerWaiting() }
    }

    private func timePassed() {
        let late = running.filter { $0.value.since + Self.longestNanoseconds <= now }
        for (key, probe) in late {
            let reason = probe.probe?.problem ?? "no answer within \(Self.longestNanoseconds / 1_000_000_000) s"
            end(key, .no(reason))
        }
        guard let next = running.values.map(\.since).min() else { return }
        thread.loop.arm(timer, at: next + Self.longestNanoseconds)
    }

    private func answerWaiting() {
        let all = waiting
        waiting = []
        for one in all {
            if one.keys.contains(where: { running[$0] != nil }) {
                waiting.append(one)
            } else {
                let results = one.keys.map { ($0, found[$0]?.result ?? .unknown("it was not asked")) }
                one.tell(Dictionary(results, uniquingKeysWith: { first, _ in first }))
            }
        }
    }
}
