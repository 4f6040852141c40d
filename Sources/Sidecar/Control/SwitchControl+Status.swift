import EventLoop
import Glibc
import Migration
import Stores
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Where the migrations stand.
extension SwitchControl {
    /// New databases of idle migrations are asked whether they are empty before the answer is given.
    func status(_ request: Switchover_V1_GetStatusRequest, _ reply: @escaping Reply) throws(ControlFault) {
        let names = migrations.map(\.name)
        guard request.migration.isEmpty || names.contains(request.migration) else {
            throw PlannedChange.unknown(request.migration, names)
        }
        tell(names.indices.filter { request.migration.isEmpty || names[$0] == request.migration }, [:], reply)
    }

    /// - Parameter asked: the migrations whose new sides have been asked; nil where one did not answer.
    private func tell(_ wanted: [Int], _ asked: [Int: Bool?], _ reply: @escaping Reply) {
        let next = wanted.first { index in
            asked[index] == nil && configuration.migrations[index].records != nil
                && inForce[index]?.state.phase == .idle
        }
        if let next {
            return askWhetherNewHoldsRecords(next) { [self] holds in
                tell(wanted, asked.merging([next: holds]) { $1 }, reply)
            }
        }
        lookAtTables(age: Self.statusLookNanoseconds)
        let keys = wanted.flatMap { index in
            Side.allCases.filter { !isFenced($0, index) }.map { SideProbes.Key(migration: index, side: $0) }
        }
        probes.ask(keys) { [self] reachable in
            let readiness = board.readiness
            let response = Switchover_V1_GetStatusResponse.with {
                $0.version = Version.current
                $0.ready = readiness.isReady
                $0.readiness = readiness.reason
                $0.started = started
                $0.unnamedServices = board.unnamedServices
                $0.migrations = wanted.map { status($0, newHoldsRecords: asked[$0] ?? nil, reachable) }
            }
            reply(.success(response.bytes))
        }
    }

    /// How old a look at the tables may be that a status tells of, nanoseconds.
    private static let statusLookNanoseconds: UInt64 = 1_000_000_000

    /// Old has been closed for good.
    private func isFenced(_ side: Side, _ index: Int) -> Bool {
        side == .old && inForce[index]?.state.phase == .retired
    }

    private func status(
        _ index: Int, newHoldsRecords: Bool?, _ reachable: [SideProbes.Key: Reachability]
    ) -> Switchover_V1_MigrationStatus {
        let name = migrations[index].name
        return .with {
            $0.migration = name
            if let entry = inForce[index] { $0.inForce = Switchover_V1_Switches(entry) }
            if let page = try? page(), let document = try? SwitchDocument(page.text, file: book.name),
                let entry = document.entry(of: name)
            {
                $0.inFile = Switchover_V1_Switches(entry)
            }
            if let entry = lastInFile(index) { $0.lastInFile = Switchover_V1_Switches(entry) }
            if let pending = pending(index) { $0.pending = pending }
            $0.problem = problem
            $0.sides = Side.allCases.map { side in
                let result = reachable[SideProbes.Key(migration: index, side: side)]
                return self.side(side, index, result ?? .unknown("its connections are closed, since it is retired"))
            }
            $0.stages = (0..<CounterShape.stages).map { stage($0, name) }.filter { $0.calls > 0 }
            $0.dirtyWrites = snapshot[.recordsDirty, migration: index]
            $0.pinnedRecords = UInt64(records.pins.count(of: index))
            $0.servicesNeverCalled = servicesNeverCalled(index)
            $0.unlistedMethods = board.unlistedMethods(of: index)
            $0.tableChanges = tables.changes(of: index)
            advance(index, newHoldsRecords, &$0)
        }
    }

    private func side(_ side: Side, _ index: Int, _ reachable: Reachability) -> Switchover_V1_SideStatus {
        let migration = configuration.migrations[index]
        let count = { (snapshot: StatsSnapshot) in
            snapshot.traffic(migration: migration.name, side: Int(side.rawValue))
        }
        let cancelled = { (snapshot: StatsSnapshot) in
            StatsSnapshot.Traffic(
                count: snapshot.asksCancelled(migration: migration.name, side: Int(side.rawValue)))
        }
        let (total, recent) = (count(snapshot), lastMinute(count))
        let upstream = configuration.describe(upstream: migration.upstream(side))
        return .with {
            $0.side = "\(side.name)"
            $0.upstream = upstream.name
            $0.address = upstream.target
            $0.asked = total.count
            $0.askedLastMinute = recent.count
            $0.failed = total.failed
            $0.failedLastMinute = recent.failed
            $0.cancelled = cancelled(snapshot).count
            $0.cancelledLastMinute = lastMinute(cancelled).count
            $0.meanMicroseconds = recent.count == 0 ? 0 : recent.nanoseconds / recent.count / 1000
            $0.reachable = reachable.name
            $0.reachableProblem = reachable.problem
        }
    }

    /// The process alone; nothing is asked.
    var process: Switchover_V1_GetProcessResponse {
        .with {
            $0.version = Version.current
            $0.pid = UInt32(Kernel.processID)
            $0.started = started
            $0.listen = listen
            $0.changeMilliseconds = patience.longest / 1_000_000
            $0.pending = migrations.indices.compactMap(pending)
        }
    }

    /// The change that is on its way, and what it waits for.
    private func pending(_ index: Int) -> Switchover_V1_PendingChange? {
        guard let delay = delays[index], let entry = lastInFile(index), entry != inForce[index] else { return nil }
        return .with {
            $0.migration = migrations[index].name
            $0.epoch = entry.epoch
            $0.waitsFor = delay.sentence
            if case .unreadWrites(let until) = delay, until > now { $0.atMostMilliseconds = (until - now) / 1_000_000 }
        }
    }

    private func stage(_ stage: Int, _ name: String) -> Switchover_V1_StageTraffic {
        let count = { (snapshot: StatsSnapshot) in snapshot.traffic(migration: name, stage: stage) }
        let (total, recent) = (count(snapshot), lastMinute(count))
        return .with {
            $0.stage = PrometheusText.stageName(stage)
            $0.calls = total.count
            $0.callsLastMinute = recent.count
            $0.failed = total.failed
            $0.failedLastMinute = recent.failed
        }
    }

    /// What it takes to go one rung further.
    private func advance(
        _ index: Int, _ newHoldsRecords: Bool?, _ status: inout Switchover_V1_MigrationStatus
    ) {
        guard let entry = inForce[index], let next = entry.state.phase.rung(1) else { return }
        status.nextPhase = next.name
        do throws(ControlFault) {
            let plan = try plan(next, index, from: entry)
            let obstacles = try move(plan, StoreFacts(newHoldsRecords: newHoldsRecords)).obstacles
            let history = try history(of: index, inFile: plan.before)
            status.obstacles = obstacles.map { Switchover_V1_Obstacle($0, migrations[index].name) }
            let known = Conditions(
                next: next, obstacles: obstacles, movesServices: !configuration.migrations[index].services.isEmpty,
                servicesNeverCalled: status.servicesNeverCalled, newHoldsRecords: newHoldsRecords, started: started,
                wasWrittenBefore: wroteBothSidesBefore(index, history))
            status.met = known.met
            status.unknown = known.unknown
        } catch {
            status.advanceUnknown = error.text
        }
    }

    private func plan(_ next: Phase, _ index: Int, from present: SwitchEntry) throws(ControlFault) -> PlannedChange {
        let request = Switchover_V1_ChangeSwitchesRequest.with {
            $0.migration = migrations[index].name
            $0.phase = next.name
        }
        let plan = try plan(request, on: page())
        guard plan.inFile == present else {
            throw ControlFault(
                .failedPrecondition,
                "epoch \(present.epoch) is in force, and the switch file says epoch \(plan.inFile.epoch)")
        }
        if let reason = refusal(of: plan) { throw ControlFault(.failedPrecondition, reason) }
        return plan
    }

    // MARK: - History and keys

    func changes(_ request: Switchover_V1_ListChangesRequest) throws(ControlFault) -> Switchover_V1_ListChangesResponse
    {
        let limit = request.limit == 0 ? 100 : min(Int(request.limit), 1000)
        let changes = try changes(of: request.migration, atMost: limit)
        return ChangeList.response(changes, keysAtMost: Int(request.keysAtMost))
    }

    func explain(_ request: Switchover_V1_ExplainKeyRequest) throws(ControlFault) -> Switchover_V1_ExplainKeyResponse {
        guard let index = migrations.firstIndex(where: { $0.name == request.migration }) else {
            throw PlannedChange.unknown(request.migration, migrations.map(\.name))
        }
        var key: [UInt8] = []
        do throws(GrayKeyForm.Malformed) {
            try migrations[index].keyForm.append(request.key.components.map { Array($0.utf8)[...] }, to: &key)
        } catch {
            throw ControlFault(.invalidArgument, error.problem)
        }
        guard let snapshot = current[index], let switches = snapshot.table[index] else {
            throw ControlFault(.failedPrecondition, "no switches are known for \(request.migration)")
        }
        let plans = configuration.migrations[index].methods
        return key.withUnsafeBytes { key in
            let stage = switches.pointee.stage(key: key)
            return .with {
                $0.stage = "\(stage.name)"
                $0.epoch = switches.pointee.epoch
                $0.enrolled = switches.pointee.enrolled.contains(key)
                $0.gray = switches.pointee.gray.contains(key)
                $0.bucket = Cohort(migration: request.migration).bucket(key)
                $0.routes = plans.map { method in
                    let forecast = CallForecast(method.plan, write: method.write, at: stage)
                    let absent = forecast.absent.map { "; absent on the first: \($0.joined(separator: ", then "))" }
                    return "\(method.name): \(forecast.usual.joined(separator: ", then "))\(absent ?? "")"
                }
            }
        }
    }
}
