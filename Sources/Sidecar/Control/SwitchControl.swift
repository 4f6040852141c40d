import EventLoop
import Glibc
import Logging
import Migration
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Serves `switchover.v1.Control`: changes the switches, and tells where they stand. Confined to the control loop.
///
/// A change is written into the book of the switches, and takes effect on the way that everything in it does; its
/// answer waits until all workers decide by it.
///
/// A long list of keys, a long record or a full disk takes its time here, and nothing else waits for it: the handover
/// of all migrations runs on the admin loop.
final class SwitchControl: Commands, @unchecked Sendable {
    // Sendable because everything mutable is touched on the control loop's thread alone.

    typealias Reply = @Sendable (Result<[UInt8], ControlFault>) -> Void

    /// Somebody who waits for a change to be in force.
    private struct Waiting {
        let index: Int
        let epoch: UInt64
        let since: UInt64
        /// What it is to bring.
        let state: SwitchState
        var attempts = 0
        /// It had to wait for this.
        var delay: HandoverDelay?
        let response: Switchover_V1_ChangeSwitchesResponse
        let reply: Reply
    }

    /// How long a side may take that is asked for an answer, nanoseconds.
    static let sideNanoseconds: UInt64 = 5_000_000_000
    /// How often the tables are looked at unasked, nanoseconds.
    static let tableLookNanoseconds: UInt64 = 15_000_000_000

    let configuration: Configuration
    let patience: ChangePatience
    let migrations: [SwitchedMigration]
    /// Migrations that a process before has left its word of, in the lock file.
    private let ranBefore: Set<String>
    /// Migrations whose record in the book this process has begun.
    private(set) var beganRecord: Set<String> = []
    let book: any SwitchBook
    private let keyLists: KeyListCache
    let board: StatusBoard
    private let thread: LoopThread
    private let stores: RecordStores
    let errands: Errands
    let records: RecordTable
    private let logger: Logger
    private let keySamples: [KeySample]
    private let counters: @Sendable () -> StatsSnapshot
    private let timer: UnsafeMutablePointer<Timer>
    /// When the process started, for people.
    let started = Timestamp.now
    /// Where the data port really listens.
    let listen: String
    private(set) var traffic = RecentTraffic()
    /// What calls are decided by, by the migration's position.
    private(set) var inForce: [SwitchEntry?]
    /// By the migration's position.
    private(set) var current: [SwitchSnapshot?]
    /// What was taken from the switch file last, by the migration's position: in force, or on its way.
    private var taken: [SwitchEntry?]
    /// The highest epoch that a command has written, the same way, in force or not.
    private(set) var epochsGiven: [UInt64]
    /// What a change that is asked for waits for.
    private(set) var delays: [HandoverDelay?]
    /// What is wrong with the switch file.
    private(set) var problem = ""
    private var waiting: [Waiting] = []
    let probes: SideProbes
    let tables: TableWatch
    private var lookedAtTablesAt: UInt64 = 0

    /// - Parameter counters: of all workers, now.
    init(
        configuration: Configuration, thread: LoopThread, board: StatusBoard, book: any SwitchBook,
        stores: RecordStores,
        errands: Errands,
        records: RecordTable, keyLists: KeyListCache, resolver: Resolver, logger: Logger,
        keySamples: [KeySample], listen: String, counters: @escaping @Sendable () -> StatsSnapshot
    ) {
        self.configuration = configuration
        patience = ChangePatience(configuration.limits)
        self.thread = thread
        self.board = board
        self.book = book
        self.stores = stores
        self.errands = errands
        self.records = records
        self.logger = logger
        self.keySamples = keySamples
        self.listen = listen
        self.counters = counters
        probes = SideProbes(configuration, errands: errands, resolver: resolver, thread: thread)
        tables = TableWatch(stores, migrations: configuration.migrations.count, logger: logger)
        migrations = configuration.switchedMigrations
        let switchFile = configuration.switches
        ranBefore = Set(migrations.map(\.name).filter { LeftSwitches(switchFile: switchFile, $0).inForce != nil })
        self.keyLists = keyLists
        inForce = Array(repeating: nil, count: migrations.count)
        current = Array(repeating: nil, count: migrations.count)
        taken = Array(repeating: nil, count: migrations.count)
        epochsGiven = Array(repeating: 0, count: migrations.count)
        delays = Array(repeating: nil, count: migrations.count)
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: Timer(context: Unmanaged.passUnretained(self).toOpaque()) {
                Unmanaged<SwitchControl>.fromOpaque($0).takeUnretainedValue().timePassed()
            })
    }

    /// Once, from any thread.
    func start() { onControlLoop { self.timePassed() } }

    func answer(
        _ method: ControlCall.Method, _ message: [UInt8], by: String, _ ticket: CommandTicket,
        _ reply: @escaping Reply
    ) {
        let isTaken = thread.mailbox.post { [self] in
            // Others wait for theirs.
            if ticket.isDropped { return }
            do throws(ControlFault) {
                try dispatch(method, message, by, reply)
            } catch {
                reply(.failure(error))
            }
        }
        if !isTaken { reply(.failure(ControlFault(.unavailable, "the sidecar is stopping"))) }
    }

    private func dispatch(
        _ method: ControlCall.Method, _ message: [UInt8], _ by: String, _ reply: @escaping Reply
    ) throws(ControlFault) {
        switch method {
        case .getStatus: try status(try Self.read(message), reply)
        case .changeSwitches: try change(try Self.read(message), by, reply)
        case .listChanges: reply(.success(try changes(try Self.read(message)).bytes))
        case .explainRecord: try explainRecord(try Self.read(message), reply)
        case .getProcess: reply(.success(process.bytes))
        case .explainKey: reply(.success(try explain(try Self.read(message)).bytes))
        case .check, .list, .watch, .reflection, .reflectionAlpha:
            throw ControlFault(.unimplemented, "is not served here")
        }
    }

    private static func read<Request: Message>(_ bytes: [UInt8]) throws(ControlFault) -> Request {
        guard let request = try? Request(serializedBytes: bytes) else {
            throw ControlFault(.invalidArgument, "the message is not what this method takes")
        }
        return request
    }

    var now: UInt64 { MonotonicClock.nanoseconds }

    func onControlLoop(_ work: @escaping @Sendable () -> Void) { thread.mailbox.post(work) }

    var mailbox: Mailbox { thread.mailbox }
    var snapshot: StatsSnapshot { counters() }

    // MARK: - Changes

    private func change(
        _ request: Switchover_V1_ChangeSwitchesRequest, _ by: String, _ reply: @escaping Reply
    ) throws(ControlFault) {
        if let last = try lastRollback(request) { return try repeatRollback(request, last, reply) }
        let plan = try plan(request, on: try page())
        if let reason = refusal(of: plan) { throw ControlFault(.failedPrecondition, reason) }
        if plan.changesNothing {
            if request.dryRun { return reply(.success(try response(plan, []).bytes)) }
            // The same change may be under way still: who repeats a command that gave up waits for it again.
            return answerWhenInForce(plan, try response(plan, []), reply)
        }
        if !request.dryRun, let reason = notYet(plan) { throw ControlFault(.failedPrecondition, reason) }
        askStores(plan) { [self] facts in
            do throws(ControlFault) {
                try make(plan, request, facts, by, reply)
            } catch {
                reply(.failure(error))
            }
        }
    }

    /// What a rollback that names no epoch would repeat: it undoes the last forward change, and nobody who types it
    /// twice means two. Nil where the last change was none.
    private func lastRollback(_ request: Switchover_V1_ChangeSwitchesRequest) throws(ControlFault) -> AuditEntry? {
        guard case .rollback(let rollback)? = request.change, rollback.toEpoch == 0,
            let index = migrations.firstIndex(where: { $0.name == request.migration }),
            let inFile = try? SwitchDocument(try page().text, file: book.name).entry(of: request.migration),
            let last = try history(of: index, inFile: inFile, isDeep: true).changes.last, last.origin == .rollback,
            last.after == inFile
        else { return nil }
        return last
    }

    /// Waits for the rollback that was made, and says how to go further.
    private func repeatRollback(
        _ request: Switchover_V1_ChangeSwitchesRequest, _ last: AuditEntry, _ reply: @escaping Reply
    ) throws(ControlFault) {
        guard let index = migrations.firstIndex(where: { $0.name == last.migration }) else { return }
        let plan = try PlannedChange(
            pending: last, index, migrations: migrations, path: book.name, bytes: try page().text, cache: keyLists)
        var response = try response(plan, [])
        let name = last.migration
        let next = Undo(try history(of: index, inFile: plan.after, isDeep: true), from: plan.after.state, after: 0)
        let further = next.map { next in
            "To undo the one before it, epoch \(next.epoch), too: switchover rollback \(name) --to \(next.epoch - 1)"
        }
        response.notes.append(
            "The last forward change is undone already (epoch \(plan.after.epoch)). "
                + (further ?? "There is none before it.")
        )
        if request.dryRun { return reply(.success(response.bytes)) }
        answerWhenInForce(plan, response, reply)
    }

    func plan(
        _ request: Switchover_V1_ChangeSwitchesRequest, on page: SwitchPage
    ) throws(ControlFault) -> PlannedChange {
        let record = try record()
        do throws(ControlFault) {
            return try plan(request, on: page, record.changes)
        } catch {
            // What a rollback undoes may be long ago.
            guard case .rollback? = request.change, !record.isWhole else { throw error }
            return try plan(request, on: page, try allChanges())
        }
    }

    private func plan(
        _ request: Switchover_V1_ChangeSwitchesRequest, on page: SwitchPage, _ changes: [AuditEntry]
    ) throws(ControlFault) -> PlannedChange {
        try PlannedChange(
            request, migrations: migrations, path: book.name, bytes: page.text, audit: changes,
            cache: keyLists, known: known(of: request.migration))
    }

    private func make(
        _ plan: PlannedChange, _ request: Switchover_V1_ChangeSwitchesRequest, _ facts: StoreFacts, _ by: String,
        _ reply: @escaping Reply
    ) throws(ControlFault) {
        let move = try move(plan, facts)
        let obstacles = move.obstacles.filter { !request.waives($0) }
        var response = try response(plan, obstacles)
        let waived = move.obstacles.filter { request.waives($0) }
        response.notes = waived.map { "Let through: \($0.sentence(plan.migration.name))" } + move.notes
        if request.dryRun { return reply(.success(response.bytes)) }
        guard obstacles.isEmpty else {
            throw ControlFault(
                .failedPrecondition, obstacles.map { $0.sentence(plan.migration.name) }.joined(separator: "\n"))
        }
        // The book may have changed since: of another migration too, whose entry is written along.
        let page = try page()
        let fresh = try self.plan(request, on: page)
        guard fresh.before == plan.before, fresh.inFile == plan.inFile, fresh.standing == plan.standing,
            fresh.after == plan.after
        else { throw Self.overtaken }
        if let reason = refusal(of: fresh) ?? notYet(fresh) { throw ControlFault(.failedPrecondition, reason) }
        let isRollback = plan.undoes != nil
        try write(
            fresh, on: page,
            AuditEntry(
                time: Timestamp.now, migration: plan.migration.name, origin: isRollback ? .rollback : .command,
                by: by, reason: request.reason, before: plan.before, after: plan.after, undoes: plan.undoes,
                waived: waived.map { request.typed(for: $0) }))
        response.changed = true
        answerWhenInForce(plan, response, reply)
    }

    private static var overtaken: ControlFault {
        ControlFault(.aborted, "another change came first; look at switchover status and repeat it")
    }

    private func write(
        _ plan: PlannedChange, on page: SwitchPage, _ entry: AuditEntry
    ) throws(ControlFault) {
        do throws(SwitchBookFault) {
            try book.make(entry, of: page, before: plan.inFile, text: plan.text)
        } catch {
            if error.cause == .overtaken { throw Self.overtaken }
            if let reason = error.unwithdrawn {
                logger.error("\(reason); the newest entry of \(entry.migration) there was not made")
            }
            throw ControlFault(.internal, "\(error)")
        }
        epochsGiven[plan.index] = max(epochsGiven[plan.index], plan.after.epoch)
    }

    private func response(
        _ plan: PlannedChange, _ obstacles: [MoveObstacle]
    ) throws(ControlFault) -> Switchover_V1_ChangeSwitchesResponse {
        let sampled = keySamples.flatMap { $0.keys(of: plan.index, at: now) }
        let delta: KeyDelta
        let movedOfSample: Int
        do {
            delta = try plan.delta()
            movedOfSample = try plan.moved(of: sampled)
        } catch {
            throw ControlFault(.resourceExhausted, "\(error)")
        }
        let name = plan.migration.name
        let calls = MovedCalls(
            decided: lastMinute { $0.traffic(migration: name, isPassed: false) }.count,
            passed: lastMinute { $0.traffic(migration: name, isPassed: true) }.count, sampled: sampled.count,
            movedOfSample: movedOfSample, delta: delta, from: plan.before.state, to: plan.after.state)
        return .with {
            $0.before = Switchover_V1_Switches(plan.before)
            $0.after = Switchover_V1_Switches(plan.after)
            $0.obstacles = obstacles.map { Switchover_V1_Obstacle($0, name) }
            $0.delta = .with {
                $0.listedKeys = delta.listedKeys
                $0.examples = delta.examples.map { Switchover_V1_GrayKey(.init($0)) }
                $0.shareTimes100 = delta.shareTimes100
                $0.callsLastMinute = calls.movable
                $0.sampledCalls = UInt64(sampled.count)
                $0.callsMoved = calls.moved ?? 0
                $0.callsUnknown = calls.moved == nil
                $0.callsElsewhere = calls.elsewhere
            }
        }
    }

    // MARK: - Waiting

    private func answerWhenInForce(
        _ plan: PlannedChange, _ response: Switchover_V1_ChangeSwitchesResponse, _ reply: @escaping Reply
    ) {
        waiting.append(
            Waiting(
                index: plan.index, epoch: plan.after.epoch, since: now, state: plan.after.state,
                delay: delays[plan.index], response: response, reply: reply))
        answerWaiting(held: 0, records.unrest(of: plan.index, pinned: true, at: now))
    }

    /// What the admin loop and the watcher of the switch file tell, from their threads.
    func hear(_ news: @escaping @Sendable (SwitchControl) -> Void) { onControlLoop { news(self) } }

    /// A change of the switches has got on, or has not.
    func progressed(_ event: SwitchHandover.Event) {
        switch event {
        case .opened(let index, let snapshot, let held, let pinned):
            delays[index] = nil
            opened(index, snapshot)
            answerWaiting(held: held, pinned)
        case .differing: break
        case .waits(let index, let delay):
            delays[index] = delay
            for place in waiting.indices where waiting[place].index == index { waiting[place].delay = delay }
        case .tookTooLong(let index, let reason):
            for place in waiting.indices where waiting[place].index == index { waiting[place].attempts += 1 }
            giveUp { waiting in
                guard waiting.index == index, waiting.attempts >= ChangePatience.attemptsAtMost else { return nil }
                return ControlFault(
                    .unavailable,
                    """
                    the switch file says epoch \(waiting.epoch), but it is not in force yet: \(reason.sentence). The \
                    sidecar goes on trying; repeat the command to wait on, or take it back with switchover rollback
                    """)
            }
        }
    }

    /// The switch file is good.
    func accepted() { problem = "" }

    /// It said this; the handover brings it into force.
    func taken(_ snapshot: SwitchSnapshot) { taken = snapshot.entries }

    /// What the switch file said last, as far as is known: what a command has just written into it is not taken yet.
    func lastInFile(_ index: Int) -> SwitchEntry? {
        let written = waiting.filter { $0.index == index }.map { SwitchEntry(epoch: $0.epoch, state: $0.state) }
        return (written + [taken[index]].compactMap { $0 }).max { $0.epoch < $1.epoch }
    }

    /// The switch file cannot be taken; what was taken from it before comes into force all the same.
    func refused(_ reason: String) {
        problem = reason
        giveUp { [taken] waiting in
            if let taken = taken[waiting.index], taken.epoch >= waiting.epoch { return nil }
            return ControlFault(
                .unavailable, "the switch file was written, but the sidecar does not accept it: \(reason)")
        }
    }

    private func opened(_ index: Int, _ snapshot: SwitchSnapshot) {
        let last = current[index]
        current[index] = snapshot
        let migration = migrations[index]
        guard let entry = snapshot.entries[index] else { return }
        if entry.state.phase == .retired { stores.fence(.old, migration: index) }
        // A command that came before the first switches were in force has put them on record as what it comes from.
        let isOnRecord = inForce[index] == nil && lastInFile(index).map { $0.epoch > entry.epoch } ?? false
        if inForce[index] != entry, !isOnRecord {
            record(entry, of: migration.name, after: inForce[index]) {
                last.flatMap { StageMoves(from: $0, to: snapshot, index, migration.keyForm) }
            }
        }
        inForce[index] = entry
    }

    /// A change that no command made is put on record too.
    ///
    /// - Parameter moves: where keys went, asked where it is not on record.
    private func record(
        _ entry: SwitchEntry, of migration: String, after before: SwitchEntry?, _ moves: () -> StageMoves?
    ) {
        do throws(SwitchBookFault) {
            let last = try book.newestChange(of: migration)
            guard
                var change = AuditEntry(
                    inForce: entry, of: migration, after: before, last: last, time: Timestamp.now)
            else { return }
            if change.origin == .file {
                let moves = moves()
                change.waived = unasked(change.before, entry, moves)
                let isFirst = change.before == nil
                change.mayHaveLeft = moves?.goToOld ?? (isFirst ? ranBefore.contains(migration) : change.isByFileOfKeys)
            }
            try book.note(change)
            if last == nil { beganRecord.insert(migration) }
        } catch {
            logger.warning("the change of the switches of \(migration) is not on record: \(error)")
        }
    }

    /// What a command would have asked for before it made this change of the file.
    private func unasked(_ before: SwitchEntry?, _ after: SwitchEntry, _ moves: StageMoves?) -> [String] {
        guard let before else { return [] }
        var facts = MoveFacts()
        facts.moves = moves
        facts.hasUnseenWrites = true
        return Move(from: before.state, to: after.state, facts: facts).obstacles.map { "\($0.name): not asked" }
    }

    private func answerWaiting(held: UInt64, _ pinned: RecordTable.Unrest) {
        giveUp { [inForce] waiting in
            guard let now = inForce[waiting.index], now.epoch >= waiting.epoch, now.state != waiting.state else {
                return nil
            }
            return ControlFault(
                .aborted,
                "epoch \(waiting.epoch) of this change never came into force: epoch \(now.epoch) replaced it; look at "
                    + "switchover status")
        }
        let (done, rest) = (waiting.filter(isInForce), waiting.filter { !isInForce($0) })
        waiting = rest
        for waiting in done {
            var response = waiting.response
            response.heldMicroseconds = held / 1000
            let entities = configuration.migrations[waiting.index].entities
            if let sentence = pinned.sentence(at: now, entities) { response.notes.append(sentence) }
            if let delay = waiting.delay {
                let seconds = (now - waiting.since + 500_000_000) / 1_000_000_000
                response.notes.append("It came into force \(seconds) s after it was asked for: \(delay.past).")
            }
            waiting.reply(.success(response.bytes))
        }
    }

    private func isInForce(_ waiting: Waiting) -> Bool {
        inForce[waiting.index].map { $0.epoch >= waiting.epoch } ?? false
    }

    private func giveUp(_ reason: (Waiting) -> ControlFault?) {
        let waiting = waiting
        self.waiting = []
        for one in waiting {
            if let reason = reason(one) {
                one.reply(.failure(reason))
            } else {
                self.waiting.append(one)
            }
        }
    }

    // MARK: - Time

    private func timePassed() {
        traffic.keep(snapshot, at: now)
        lookAtTables()
        giveUp { [now, problem, delays, taken, patience, migrations] waiting in
            let isTaken = taken[waiting.index].map { $0.epoch >= waiting.epoch } ?? false
            let delay = delays[waiting.index]
            guard waiting.since + patience.nanoseconds(isTaken: isTaken, isDelayed: delay != nil) < now else {
                return nil
            }
            let reasons = [problem, delay?.sentence ?? ""].filter { !$0.isEmpty }
            return ControlFault(
                .unavailable,
                """
                epoch \(waiting.epoch) is in the switch file, but not in force yet\
                \(reasons.isEmpty ? "" : ": ")\(reasons.joined(separator: "; ")). The sidecar goes on trying; repeat \
                the command to wait on, or take it back with switchover rollback \(migrations[waiting.index].name)
                """)
        }
        thread.loop.arm(timer, at: thread.loop.pointee.now + RecentTraffic.intervalNanoseconds)
    }

    /// The stores themselves are checked when they are opened; what is changed later is noticed here.
    ///
    /// - Parameter age: how old the last look may be, nanoseconds.
    func lookAtTables(age: UInt64 = tableLookNanoseconds) {
        tables.lookAtFiles()
        guard lookedAtTablesAt == 0 || lookedAtTablesAt + age <= now else { return }
        lookedAtTablesAt = now
        tables.look()
    }

    /// What was counted within the last minute.
    func lastMinute(_ count: (StatsSnapshot) -> StatsSnapshot.Traffic) -> StatsSnapshot.Traffic {
        count(snapshot).since(traffic.earlier.map(count) ?? StatsSnapshot.Traffic())
    }

    // MARK: - The book

    /// What the book says now.
    func page() throws(ControlFault) -> SwitchPage {
        do throws(SwitchBookFault) {
            return try book.page()
        } catch {
            let isMissing = error.cause == .missing
            let advice = isMissing ? "; write it back as it is in force with: switchover init-switches" : ""
            throw ControlFault(.failedPrecondition, "\(error)\(advice)")
        }
    }

    /// The end of it.
    private func record() throws(ControlFault) -> SwitchRecord {
        do throws(SwitchBookFault) {
            return try book.latestChanges()
        } catch {
            throw ControlFault(.internal, "\(error)")
        }
    }

    /// All of it, which may take a while.
    private func allChanges() throws(ControlFault) -> [AuditEntry] {
        do throws(SwitchBookFault) {
            return try book.allChanges()
        } catch {
            throw ControlFault(.internal, "\(error)")
        }
    }

    /// - Parameter isDeep: whether a migration that the end of the record does not name is looked for before it.
    func history(of index: Int, inFile: SwitchEntry, isDeep: Bool = false) throws(ControlFault) -> SwitchHistory {
        let name = migrations[index].name
        let record = try record()
        if isDeep, !record.isWhole, !record.changes.contains(where: { $0.migration == name }) {
            return SwitchHistory(try allChanges(), of: name, inFile: inFile)
        }
        return SwitchHistory(record.changes, of: name, inFile: inFile, isWhole: record.isWhole)
    }

    /// The newest changes, newest first; of one migration, or of all where it is empty.
    func changes(of migration: String, atMost limit: Int) throws(ControlFault) -> [AuditEntry] {
        let isWanted = { (entry: AuditEntry) in migration.isEmpty || entry.migration == migration }
        let record = try record()
        var found = record.changes.filter(isWanted)
        if found.count < limit, !record.isWhole { found = try allChanges().filter(isWanted) }
        return found.suffix(limit).reversed()
    }
}

extension Switchover_V1_ChangeSwitchesRequest {
    /// For the audit file: what was let through, and by which words.
    fileprivate func typed(for obstacle: MoveObstacle) -> String {
        switch obstacle.waiver {
        case .none: obstacle.name
        case .force, .hiddenRecords: "\(obstacle.name): --force \(force)"
        case .dirtyRecords: "\(obstacle.name): --accept-dirty \(acceptDirty)"
        case .newIsEmpty: "\(obstacle.name): --new-is-empty"
        }
    }

    /// Whether whoever asks has said what this obstacle asks for.
    fileprivate func waives(_ obstacle: MoveObstacle) -> Bool {
        switch obstacle.waiver {
        case .none: false
        case .force: force == migration && !migration.isEmpty
        case .dirtyRecords(let count): acceptDirty == count
        case .hiddenRecords(let count): force == "\(count)"
        case .newIsEmpty: newIsEmpty
        }
    }
}
