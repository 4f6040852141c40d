import EventLoop
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Two further migrations in the same process, in some seeds. *wares* is a ledger like that of *orders*, whose sides
/// have no faults: whatever befalls orders, its calls are answered and in order. *odds* meets what nobody should send
/// (`Scenario+Odds`). An operator of their own moves both.
extension Scenario {
    var hasGuests: Bool { seed % 5 == 0 }

    var guestUpstreams: String {
        guard hasGuests else { return "" }
        return """

              wares-old: {address: "127.0.0.1:9003"}
              wares-new: {address: "127.0.0.1:9004"}
              odds-old: {address: "127.0.0.1:9005"}
              odds-new: {address: "127.0.0.1:9006"}
            """
    }

    var guestMigrations: String {
        guard hasGuests else { return "" }
        return "\n" + ledgerMigration("wares", service: "wares.v1.Wares", inserts: "both") + "\n" + oddsMigration
    }

    /// The top of the configuration.
    var guestSettings: String {
        hasGuests ? "pass_through: \(seed % 2 == 0 ? "odds" : "off")\naccess_log: {sample: 0.5}" : "log: {level: info}"
    }

    var guestSwitches: String {
        guard hasGuests else { return "" }
        return """
            , "wares": {"epoch": 1, "phase": "migrating", "enrolled": "all", "gray": "none"},
              "odds": {"epoch": 1, "phase": "idle", "enrolled": "none", "gray": "none"}
            """
    }

    /// Before the sidecar: what refuses its first connection is given a while.
    func startGuestSides() {
        guard hasGuests else { return }
        for record in Self.wareRecords {
            let entry = Entry(store: Self.store(of: record), id: record, cents: Self.first(of: record))
            for side in [waresOld, waresNew] { _ = side.answer("/Place", Message.of(1, entry.bytes)) }
        }
        world.start(world.makeProcess("guest-sides")) { [self] in serveGuests() }
        world.pause(until: world.now + 10_000_000_000) { [self] in
            (9003...9006).allSatisfy { world.listeners["127.0.0.1:\($0)"] != nil }
        }
    }

    func startGuests() {
        guard hasGuests else { return }
        guestsLeft += 3
        world.start(world.makeProcess("guests")) { [self] in
            guard let client = makeClient("guest"), let odd = makeRawClient("odd-guest") else {
                guestsLeft -= 2
                return
            }
            client.thread.mailbox.post { [self] in client.after(20_000_000) { [self] in callWares(client, 40) } }
            odd.thread.mailbox.post { [self] in odd.after(20_000_000) { [self] in callOddly(odd, 40) } }
            guests.append { [self] in
                guestsLeft += 2
                client.thread.mailbox.post { [self] in callWares(client, 12) }
                odd.thread.mailbox.post { [self] in callOddly(odd, 12) }
            }
        }
        world.start(world.makeProcess("guest-operator")) { [self] in
            guard let address = SocketAddress(unixPath: "/sidecar/control.sock"),
                let client = try? SimulatedClient(name: "guest-operator", to: address), (try? client.start()) != nil
            else {
                guestsLeft -= 1
                return
            }
            _ = Unmanaged.passRetained(client)
            client.thread.mailbox.post { [self] in
                client.after(150_000_000) { [self] in changeGuests(client, 12) }
            }
            guests.append { [self] in
                guestsLeft += 1
                client.thread.mailbox.post { [self] in changeGuests(client, 4) }
            }
        }
    }

    private func serveGuests() {
        do {
            for (name, port, ledger) in [("wares-old", UInt16(9003), waresOld), ("wares-new", 9004, waresNew)] {
                let server = try SideServer(
                    name: name, port: port, answerEarly: { _ in nil },
                    handle: { [self] request in
                        let make = { ledger.answer(request.path, request.message) }
                        return SideServer.Work(delay: world.chance.below(2_000_000), make: make)
                    })
                try server.start()
                _ = Unmanaged.passRetained(server)
            }
            for (name, port) in [("old", UInt16(9005)), ("new", 9006)] {
                let server = try OddServer(name: name, port: port)
                try server.start()
                _ = Unmanaged.passRetained(server)
            }
        } catch {
            broken = broken ?? "the sides of the guests cannot start: \(error)"
        }
    }

    private func makeRawClient(_ name: String) -> RawClient? {
        guard let address = try? SocketAddress.resolve(host: "127.0.0.1", port: 9000)[0],
            let client = try? RawClient(name: name, to: address), (try? client.start()) != nil
        else { return nil }
        _ = Unmanaged.passRetained(client)
        return client
    }

    // MARK: - Wares

    private static let wareRecords: ClosedRange<Int64> = 101...106

    private func callWares(_ client: SimulatedClient, _ left: Int) {
        guard left > 0 else {
            guestsLeft -= 1
            return
        }
        let call = newCall("ware")
        let record = Int64(world.chance.within(101...106))
        let value = Int64(call) * 1000 + 1
        let kind: Operation.Kind =
            switch world.chance.below(10) {
            case 0...3: .find
            case 4...6: .change(1)
            case 7: .save(value)
            case 8: .add(value)
            default: .remove
            }
        let index = waresHistory.count
        let isUndisturbed = losses.isEmpty && oblivions.isEmpty && crowdedUntil == 0 && waresChangesUntil < world.now
        waresHistory.append(Operation(call: call, client: 0, record: record, kind: kind, began: world.now))
        let (path, request) = Self.request(record, kind, service: "wares.v1.Wares")
        client.call(path, request, number: call, timeout: 4_000_000_000) { [self] answer in
            waresHistory[index].ended = world.now
            waresHistory[index].result = Self.result(of: answer)
            waresHistory[index].note = answer.note
            // Old may still have what new has lost.
            if waresHistory[index].result == .exists, answer.error != nil { waresHistory[index].result = .refused }
            noteWare(waresHistory[index], answer, isUndisturbed)
            client.after(world.chance.below(60_000_000)) { [self] in callWares(client, left - 1) }
        }
    }

    /// A change of another migration is no reason for it to fail (contract, 2), nor are another's sides.
    private func noteWare(_ operation: Operation, _ answer: SimulatedClient.Answer, _ wasUndisturbed: Bool) {
        switch operation.result {
        case .done, .absent, .exists: return
        case .refused where answer.status == .alreadyExists: return
        default: break
        }
        let isUndisturbed =
            wasUndisturbed && losses.isEmpty && oblivions.isEmpty && crowdedUntil == 0
            && waresChangesUntil < operation.began
        guard isUndisturbed || isPeaceful && waresChangesUntil < operation.began else { return }
        broken = broken ?? "a call of a migration that nothing befell is not answered: \(operation)"
    }

    func waresFault() -> String? {
        for record in Self.wareRecords where hasGuests {
            let operations = waresHistory.filter { $0.record == record }
            guard Linearizability.holds(operations, initial: Self.first(of: record)) == false else { continue }
            let before = oblivions.map { end in operations.filter { $0.began < end }.map { $0.cut(at: end) } }
            // What a process that has ended knew of a lost write is forgotten.
            if before.contains(where: { $0.contains(where: \.isLost) }) { continue }
            return "record \(record) of the second migration is not linearizable (I1, I3, I5):\n"
                + operations.map { "  \($0)" }.joined(separator: "\n")
        }
        return nil
    }

    // MARK: - Their operator

    private func changeGuests(_ client: SimulatedClient, _ left: Int) {
        guard left > 0 else {
            guestsLeft -= 1
            return
        }
        let (migration, isCalm) = (left % 2 == 0 ? "wares" : "odds", isPeaceful)
        var request = Switchover_V1_ChangeSwitchesRequest()
        (request.migration, request.force) = (migration, migration)
        if migration == "wares" { chooseForWares(&request) } else { chooseForOdds(&request) }
        if migration == "wares" { waresChangesUntil = .max }
        say("the guests' operator: \(request.textFormatString().split(separator: "\n").joined(separator: " "))")
        let bytes = (try? request.serializedBytes() as [UInt8]) ?? []
        client.call("/switchover.v1.Control/ChangeSwitches", bytes, number: -1, timeout: 30_000_000_000) {
            [self] answer in
            say("the guests' operator was answered \(answer.note)")
            if migration == "wares" { waresChangesUntil = world.now + 50_000_000 }
            let response = try? Switchover_V1_ChangeSwitchesResponse(serializedBytes: answer.message)
            if answer.status == .ok, let response { guestPhases[migration] = response.after }
            if isCalm, answer.status != .ok, answer.status != .failedPrecondition {
                broken = broken ?? "a change of \(migration) fails in peace: \(answer.note)"
            }
            client.after(world.chance.below(300_000_000)) { [self] in changeGuests(client, left - 1) }
        }
    }

    private func chooseForWares(_ request: inout Switchover_V1_ChangeSwitchesRequest) {
        let present = guestPhases["wares"]
        switch present?.phase ?? "migrating" {
        case "mirrored":
            let goesOn = waresFinished || world.chance.happens(oneIn: 2)
            request.phase = goesOn ? "finished" : "migrating"
            if goesOn { waresFinished = true }
        case "finished": request.phase = "mirrored"
        default:
            if present?.gray.everything == true, world.chance.happens(oneIn: 2) {
                request.phase = "mirrored"
            } else if world.chance.happens(oneIn: 2) {
                request.gray.all = true
            } else {
                request.gray.add.keys = [.with { $0.components = [world.chance.pick(Self.stores)] }]
            }
        }
    }

    private func chooseForOdds(_ request: inout Switchover_V1_ChangeSwitchesRequest) {
        // What is let through here loses nothing: writes of odds change nothing.
        request.newIsEmpty = true
        let keys = [
            ["7", "false", "hex:61"], ["406", "false", "hex:62fF"], ["9", "true", "hex:"], ["-7", "true", "hex:00"],
        ]
        let change = Switchover_V1_SetChange.with { set in
            switch world.chance.below(6) {
            case 0: set.all = true
            case 1: set.percentTimes100 = UInt32(world.chance.below(10_001))
            case 2: set.remove.keys = [.with { $0.components = world.chance.pick(keys) }]
            case 3: set.none = true
            default:
                set.add.keys = keys.filter { _ in world.chance.happens(oneIn: 2) }.map { key in
                    .with { $0.components = key }
                }
            }
        }
        let phase = guestPhases["odds"]?.phase ?? "idle"
        switch world.chance.below(8) {
        case 0...2: request.enrolled = change
        case 3, 4: request.gray = change
        case 5 where phase != "idle": request.rollback = .init()
        default:
            let index = Self.phases.firstIndex(of: phase) ?? 0
            // The last rung is for good.
            request.phase = Self.phases[world.chance.happens(oneIn: 4) ? max(index - 1, 0) : min(index + 1, 3)]
        }
    }
}
