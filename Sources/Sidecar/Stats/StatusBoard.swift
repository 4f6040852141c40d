package import EventLoop

/// What the parts of the process tell the admin about themselves: readiness and switches. Written by any thread, read
/// by any.
package final class StatusBoard: Sendable {
    package struct Status: Sendable {
        package var readiness: Readiness
        /// By the migration's position.
        package var switches: [SwitchSummary?]
        package var changes: SwitchChanges
        /// Log lines that could not be written, since the start.
        package var lostLogLines: UInt64 = 0
        /// Records that keep a stage of their own, by the migration's position.
        package var pinnedRecords: [Int] = []
        /// The epochs that the process found when it started, by the migration's position.
        package var firstEpochs: [UInt64?]
    }

    private struct Box {
        var status: Status
        /// By the migration's position.
        var unlistedMethods: [[String]]
        /// Of all migrations: the services of whose unlisted methods one was called.
        var services: Set<String> = []
        var unnamedServices: [String] = []
        var watchers: [(mailbox: Mailbox, changed: @Sendable (Readiness) -> Void)] = []
    }

    private let migrations: [String]
    private let lostLogLines: @Sendable () -> UInt64
    private let pinnedRecords: @Sendable () -> [Int]
    private let box: Locked<Box>

    package init(
        migrations: [String], lostLogLines: @escaping @Sendable () -> UInt64 = { 0 },
        pinnedRecords: @escaping @Sendable () -> [Int] = { [] }
    ) {
        self.migrations = migrations
        self.lostLogLines = lostLogLines
        self.pinnedRecords = pinnedRecords
        let unknown = [SwitchSummary?](repeating: nil, count: migrations.count)
        let readiness = Readiness(state: .starting, withoutSwitches: migrations)
        let unlisted = [[String]](repeating: [], count: migrations.count)
        box = Locked(
            Box(
                status: Status(
                    readiness: readiness, switches: unknown, changes: SwitchChanges(migrations: migrations.count),
                    firstEpochs: Array(repeating: nil, count: migrations.count)),
                unlistedMethods: unlisted))
    }

    package var status: Status {
        var status = box.withLock { $0.status }
        status.lostLogLines = lostLogLines()
        status.pinnedRecords = pinnedRecords()
        return status
    }
    package var readiness: Readiness { status.readiness }

    /// A state that has passed does not come back.
    package func set(state: Readiness.State) {
        change { status in
            if state.rawValue > status.readiness.state.rawValue { status.readiness.state = state }
        }
    }

    /// The switches in force, from now on.
    ///
    /// - Parameter time: seconds since 1970.
    package func set(switches: [SwitchSummary?], heldNanoseconds: UInt64 = 0, time: Double = 0) {
        change { status in
            status.changes.opened(status.switches, switches, heldNanoseconds: heldNanoseconds, time: time)
            status.switches = switches
            status.firstEpochs = zip(status.firstEpochs, switches).map { $0 ?? $1?.epoch }
            status.readiness.withoutSwitches = zip(migrations, switches).filter { $0.1 == nil }.map(\.0)
        }
    }

    /// Whether client connections are refused just now.
    func set(isTurningAway: Bool) { change { $0.readiness.isTurningAway = isTurningAway } }

    /// What a look at the switch file came to.
    package func set(switchFileRefused isRefused: Bool) { change { $0.changes.looked(isRefused: isRefused) } }

    /// A change of the switches could not be made yet.
    package func noteTakenBack() { change { $0.changes.takenBack() } }

    /// Methods that were called and that the configuration does not list, in the order in which they came.
    package func unlistedMethods(of migration: Int) -> [String] { box.withLock { $0.unlistedMethods[migration] } }

    /// More than this are not told apart any more.
    static let unlistedAtMost = 32

    package func note(unlisted method: String, of migration: Int) {
        box.withLock { box in
            let known = box.unlistedMethods[migration]
            guard known.count < Self.unlistedAtMost, !known.contains(method) else { return }
            box.unlistedMethods[migration].append(method)
        }
    }

    /// Whether a method of the service that the configuration does not list was called.
    package func hasUnlistedCalls(ofService name: String) -> Bool { box.withLock { $0.services.contains(name) } }

    /// - Parameter service: one that a migration names.
    package func note(unlistedOfService service: String) { box.withLock { _ = $0.services.insert(service) } }

    /// Services that were called and that no migration names, in the order in which they came.
    package var unnamedServices: [String] { box.withLock { $0.unnamedServices } }

    package func note(unnamed service: String) {
        box.withLock { box in
            let known = box.unnamedServices
            guard known.count < Self.unlistedAtMost, !known.contains(service) else { return }
            box.unnamedServices.append(service)
        }
    }

    /// Tells `changed`, as mail to a loop, whenever readiness is another than before.
    package func watch(on mailbox: Mailbox, _ changed: @escaping @Sendable (Readiness) -> Void) {
        box.withLock { $0.watchers.append((mailbox, changed)) }
    }

    /// Mail is posted under the lock, so that it arrives in the order of the changes.
    private func change(_ body: (inout Status) -> Void) {
        box.withLock { box in
            let before = box.status.readiness
            body(&box.status)
            let after = box.status.readiness
            guard after != before else { return }
            for watcher in box.watchers { watcher.mailbox.post { watcher.changed(after) } }
        }
    }
}
