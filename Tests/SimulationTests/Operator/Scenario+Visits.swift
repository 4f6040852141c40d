import EventLoop
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Others at the control socket, beside the operator: they ask how things are, watch, ask what cannot be answered, and
/// break off. Nothing that they say changes the switches.
extension Scenario {
    struct Visit {
        var name: String
        var request: RawClient.Request
        /// What the answer is when all is well.
        let expected: [GRPCStatus]
        /// Of HTTP, where that is no gRPC.
        var code = "200"
        var isWatch = false
        /// What is wrong with a good answer.
        var fault: (RawClient.Answer) -> String? = { _ in nil }

        init(
            _ method: String, _ message: any SwiftProtobuf.Message, _ expected: [GRPCStatus] = [.ok],
            fault: @escaping (RawClient.Answer) -> String? = { _ in nil }
        ) {
            self.init(method, [RawClient.Request.framed((try? message.serializedBytes()) ?? [])], expected)
            self.fault = fault
        }

        init(_ method: String, _ pieces: [[UInt8]], _ expected: [GRPCStatus]) {
            name = method
            request = RawClient.Request(method.hasPrefix("/") ? method : "/switchover.v1.Control/\(method)", pieces)
            self.expected = expected
        }
    }

    private static let visitsOfEach = 14
    static let phases = ["idle", "migrating", "mirrored", "finished", "retired"]

    /// Begins the first round; the second is in peace.
    func startVisits() {
        guard seed % 2 == 0, let address = SocketAddress(unixPath: "/sidecar/control.sock") else { return }
        guestsLeft += 1
        world.start(world.makeProcess("visitor")) { [self] in
            guard let client = try? RawClient(name: "visitor", to: address), (try? client.start()) != nil else {
                guestsLeft -= 1
                return say("the visitor cannot start")
            }
            _ = Unmanaged.passRetained(client)
            client.thread.mailbox.post { [self] in
                client.after(50_000_000) { [self] in visit(client, Self.visitsOfEach) }
            }
            guests.append { [self] in
                guestsLeft += 1
                client.thread.mailbox.post { [self] in visit(client, Self.visitsOfEach) }
            }
        }
    }

    private func visit(_ client: RawClient, _ left: Int) {
        guard left > 0 else {
            guestsLeft -= 1
            return
        }
        let isCalm = isPeaceful
        let next = { [self] in
            client.after(world.chance.below(150_000_000)) { [self] in visit(client, left - 1) }
        }
        if !isCalm, seed % 16 == 2, left == 5 { return comeInNumbers(client, next) }
        let one = anyVisit
        guard one.isWatch else {
            return client.call(one.request) { [self] answer in
                judge(one, answer, isCalm)
                next()
            }
        }
        // It watches while others come.
        guestsLeft += 1
        client.call(one.request) { [self] answer in
            judge(one, answer, isCalm)
            guestsLeft -= 1
        }
        next()
    }

    /// More connections than the socket takes: the oldest that nobody needs give way.
    private func comeInNumbers(_ client: RawClient, _ then: @escaping () -> Void) {
        let left = Done()
        left.count = 70
        var visit = Visit("GetProcess", Switchover_V1_GetProcessRequest())
        visit.request.isApart = true
        for _ in 0..<left.count {
            client.call(visit.request) { _ in
                left.count -= 1
                guard left.count == 0 else { return }
                client.after(0) {
                    client.hangUp()
                    then()
                }
            }
        }
    }

    private func judge(_ visit: Visit, _ answer: RawClient.Answer, _ isCalm: Bool) {
        let isGood = answer.status.map { visit.expected.contains($0) } ?? visit.expected.isEmpty
        if isCalm, !isGood || answer.status != nil && answer.code != visit.code {
            broken = broken ?? "the control socket answers \(visit.name) in peace by \(answer.note)"
        }
        if answer.status == .ok, !visit.expected.contains(.ok) {
            broken = broken ?? "the control socket takes \(visit.name)"
        }
        guard answer.status == .ok || visit.expected.isEmpty, let fault = visit.fault(answer) else { return }
        broken = broken ?? "the control socket answers \(visit.name): \(fault)"
    }

    private var anyVisit: Visit {
        switch world.chance.below(20) {
        case 0...2: statusVisit
        case 3: processVisit
        case 4: changesVisit
        case 5, 6: keyVisit
        case 7: recordVisit
        case 8, 9: healthVisit
        case 10: watchVisit
        case 11: reflectionVisit
        case 12...14: wrongChange
        default: wrongRequest
        }
    }

    // MARK: - What is asked

    private var statusVisit: Visit {
        let isCalm = isPeaceful
        var request = Switchover_V1_GetStatusRequest()
        request.migration = world.chance.pick(["", "orders", "nobody"])
        if request.migration == "nobody" { return Visit("GetStatus", request, [.notFound]) }
        return Visit("GetStatus", request) { [self] answer in
            guard let bytes = answer.messages.first,
                let response = try? Switchover_V1_GetStatusResponse(serializedBytes: bytes),
                !response.migrations.isEmpty
            else { return "no status" }
            for status in response.migrations {
                if let fault = statusFault(status, isCalm) { return "\(fault): \(status.textFormatString())" }
            }
            return isCalm && !response.ready ? "not ready in peace: \(response.readiness)" : nil
        }
    }

    private func statusFault(_ status: Switchover_V1_MigrationStatus, _ isCalm: Bool) -> String? {
        guard status.sides.map(\.side) == ["old", "new"] else { return "two sides" }
        guard status.hasInForce else { return isCalm ? "no switches are in force" : nil }
        let last = seenEpochs[status.migration, default: 0]
        // However often the process has ended meanwhile (contract, 2).
        if status.inForce.epoch < last { return "epoch \(last) was in force before" }
        seenEpochs[status.migration] = status.inForce.epoch
        guard let rung = Self.phases.firstIndex(of: status.inForce.phase) else { return "no phase" }
        let next = rung + 1 < Self.phases.count ? Self.phases[rung + 1] : ""
        if status.nextPhase != next { return "the next phase is \(next)" }
        guard isCalm else { return nil }
        if !status.problem.isEmpty { return "a problem in peace" }
        let isFenced = status.inForce.phase == "retired"
        if status.sides.contains(where: { $0.reachable != "yes" && !($0.side == "old" && isFenced) }) {
            return "a side is not reachable in peace"
        }
        return nil
    }

    private var processVisit: Visit {
        Visit("GetProcess", Switchover_V1_GetProcessRequest()) { [self] answer in
            guard let bytes = answer.messages.first,
                let process = try? Switchover_V1_GetProcessResponse(serializedBytes: bytes)
            else { return "no process" }
            let isKnown = sidecars.contains { UInt32($0.number) == process.pid }
            return isKnown && process.listen == "127.0.0.1:9000" ? nil : process.textFormatString()
        }
    }

    private var changesVisit: Visit {
        var request = Switchover_V1_ListChangesRequest()
        request.migration = world.chance.pick(["", "orders"])
        request.limit = world.chance.pick([0, 1, 5])
        request.keysAtMost = world.chance.pick([0, 1])
        let most = request.limit == 0 ? 100 : Int(request.limit)
        return Visit("ListChanges", request) { answer in
            guard let bytes = answer.messages.first,
                let response = try? Switchover_V1_ListChangesResponse(serializedBytes: bytes)
            else { return "no changes" }
            let changes = response.changes.filter { $0.migration == "orders" && $0.origin != "withdrawn" }
            let epochs = changes.map(\.after.epoch)
            if response.changes.count > most { return "\(response.changes.count) changes" }
            return zip(epochs, epochs.dropFirst()).allSatisfy { $0 >= $1 } ? nil : "epochs \(epochs), newest first"
        }
    }

    private var keyVisit: Visit {
        var request = Switchover_V1_ExplainKeyRequest()
        request.migration = "orders"
        request.key.components = [world.chance.pick(Self.stores)]
        switch world.chance.below(6) {
        case 0:
            request.migration = "nobody"
            return Visit("ExplainKey", request, [.notFound])
        case 1:
            request.key.components = world.chance.pick([[], ["406", "7"], [String(repeating: "4", count: 1100)]])
            return Visit("ExplainKey", request, [.invalidArgument])
        default: break
        }
        return Visit("ExplainKey", request) { answer in
            guard let bytes = answer.messages.first,
                let key = try? Switchover_V1_ExplainKeyResponse(serializedBytes: bytes)
            else { return "no key" }
            let isRight =
                switch key.stage {
                case "dualOld": key.enrolled && !key.gray
                case "dualNew": key.enrolled && key.gray
                default: Stages.all.contains(key.stage)
                }
            return isRight && key.bucket < 10_000 ? nil : key.textFormatString()
        }
    }

    private var recordVisit: Visit {
        var request = Switchover_V1_ExplainRecordRequest()
        request.migration = "orders"
        request.key = StoredEntry.key(Int64(world.chance.within(1...20)))
        if world.chance.happens(oneIn: 4) { request.key = .with { $0.parts = [StoredEntry.text("one"), .init()] } }
        let isKey = request.key.parts.count == 1
        let expected: GRPCStatus = !isOfDatabases ? .failedPrecondition : isKey ? .ok : .invalidArgument
        return Visit("ExplainRecord", request, [expected])
    }

    private var healthVisit: Visit {
        let isCalm = isPeaceful
        guard world.chance.below(3) > 0 else {
            return Visit("/grpc.health.v1.Health/List", Grpc_Health_V1_HealthListRequest()) { answer in
                guard let bytes = answer.messages.first,
                    let list = try? Grpc_Health_V1_HealthListResponse(serializedBytes: bytes)
                else { return "no list" }
                let isServing = list.statuses.allSatisfy { $0.value.status == .serving }
                return list.statuses["orders"] == nil || isCalm && !isServing ? "\(list.textFormatString())" : nil
            }
        }
        let service = world.chance.pick(["", "orders", "switchover.v1.Control", "nobody"])
        let request = Grpc_Health_V1_HealthCheckRequest.with { $0.service = service }
        if service == "nobody" { return Visit("/grpc.health.v1.Health/Check", request, [.notFound]) }
        return Visit("/grpc.health.v1.Health/Check", request) { answer in
            guard let bytes = answer.messages.first,
                let check = try? Grpc_Health_V1_HealthCheckResponse(serializedBytes: bytes)
            else { return "no status" }
            return isCalm && check.status != .serving ? "\(check.status) in peace" : nil
        }
    }

    private var watchVisit: Visit {
        let isCalm = isPeaceful
        let service = world.chance.pick(["", "orders", "nobody"])
        let request = Grpc_Health_V1_HealthCheckRequest.with { $0.service = service }
        // It ends when its client breaks it off.
        var visit = Visit("/grpc.health.v1.Health/Watch", request, []) { answer in
            let statuses = answer.messages.map { try? Grpc_Health_V1_HealthCheckResponse(serializedBytes: $0).status }
            let isTwice = zip(statuses, statuses.dropFirst()).contains { $0 == $1 }
            return isTwice || isCalm && statuses.count != 1 ? "watched \(statuses)" : nil
        }
        visit.isWatch = true
        visit.request.resetsAfter = 30_000_000 + world.chance.below(2_000_000_000)
        return visit
    }

    private var reflectionVisit: Visit {
        typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
        let requests: [Request] = (0..<world.chance.within(1...4)).map { _ in
            .with {
                switch world.chance.below(8) {
                case 0: $0.listServices = ""
                case 1: $0.fileByFilename = "switchover/v1/control.proto"
                case 2: $0.fileByFilename = "nowhere.proto"
                case 3: $0.fileContainingSymbol = "switchover.v1.Control"
                case 4: $0.fileContainingSymbol = "nobody"
                case 5: $0.fileContainingExtension = .with { $0.containingType = "switchover.v1.Switches" }
                case 6:
                    $0.allExtensionNumbersOfType = world.chance.pick(["switchover.v1.Switches", "nobody"])
                default: break
                }
            }
        }
        let version = world.chance.pick(["v1", "v1alpha"])
        var visit = Visit(
            "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo",
            requests.map { RawClient.Request.framed((try? $0.serializedBytes()) ?? []) }, [.ok])
        visit.request.pause = world.chance.pick([0, 3_000_000])
        visit.fault = { $0.messages.count == requests.count ? nil : "\($0.messages.count) of \(requests.count)" }
        return visit
    }

    // MARK: - What cannot be

    private var wrongChange: Visit {
        var request = Switchover_V1_ChangeSwitchesRequest()
        request.migration = "orders"
        var expected: [GRPCStatus] = [.invalidArgument, .failedPrecondition]
        switch world.chance.below(10) {
        case 0: request.phase = "higher"
        case 1: break
        case 2: request.gray.percentTimes100 = 10_001
        case 3: request.enrolled.add.keys = [.with { $0.components = ["406", "7"] }]
        case 4:
            request.gray.none = true
            request.ifEpoch = 1_000_000
            expected = [.aborted, .failedPrecondition]
        case 5:
            (request.migration, request.phase) = ("nobody", "idle")
            expected = [.notFound]
        case 6: request.gray.allowFile = "nowhere.txt"
        case 7:
            request.rollback.toEpoch = 1_000_000
            // There is nothing to undo.
            expected += [.notFound, .ok]
        case 8: request.gray.none = false
        default:
            request.phase = world.chance.pick(Self.phases)
            request.dryRun = true
            expected = [.ok, .failedPrecondition]
        }
        let text = request.textFormatString()
        var visit = Visit("ChangeSwitches", request, expected) { answer in
            let bytes = answer.messages.first ?? []
            let response = try? Switchover_V1_ChangeSwitchesResponse(serializedBytes: bytes)
            return response?.changed == false ? nil : "something has changed"
        }
        visit.name += " \(text)"
        return visit
    }

    private var wrongRequest: Visit {
        let some = RawClient.Request.framed(Array("orders".utf8))
        let status = "/switchover.v1.Control/GetStatus"
        var visit: Visit
        switch world.chance.below(13) {
        case 0: return Visit("/switchover.v1.Control/Destroy", [some], [.unimplemented])
        case 1:
            visit = Visit(status, [some], [.unknown, .internal, .unimplemented])
            (visit.request.fields[0].value, visit.code) = ("GET", "405")
        case 2:
            visit = Visit(status, [some], [.unknown, .internal, .unimplemented])
            (visit.request.fields[5].value, visit.code) = ("text/html", "415")
        case 3: return Visit(status, [RawClient.Request.framed([1], isCompressed: true)], [.unimplemented])
        case 4: return Visit(status, [[0, 0, 2, 0, 0]], [.resourceExhausted])
        case 5: return Visit(status, [[7, 0, 0, 0, 0]], [.internal])
        case 6: return Visit(status, [Array(some.dropLast())], [.internal])
        case 7: return Visit(status, [RawClient.Request.framed([0xFF, 0xFF])], [.invalidArgument])
        case 8: return Visit(status, [], [.internal])
        case 9: return Visit(status, [RawClient.Request.framed([]), RawClient.Request.framed([])], [.internal])
        case 10:
            visit = Visit(status, [some], [.resourceExhausted])
            visit.request.fields.append(("x-long", String(repeating: "x", count: 20_000)))
        case 11:
            visit = Visit("/grpc.health.v1.Health/Check", [RawClient.Request.framed([0xFF])], [.invalidArgument])
        default:
            visit = Visit(status, [some], [.invalidArgument])
            visit.request.fields.append(world.chance.pick([("x-bin", "*"), ("grpc-timeout", "soon")]))
        }
        return visit
    }
}
