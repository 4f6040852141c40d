import EventLoop
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// The operator: changes the switches through the control socket, in ways that are mostly sensible. In some seeds the
/// ladder is walked to its end, and the stages above are stayed at.
extension Scenario {
    /// Goes to where new alone answers as soon as may be, and is busy there.
    var climbs: Bool { isCopied && seed / 12 % 2 == 0 }
    /// The first change is the one that lets keys be enrolled.
    var beginsIdle: Bool { seed % 3 == 1 && seed / 12 % 2 == 1 }
    private var isClimbing: Bool { climbs && !wasFinished && !isPeaceful }

    func operate() {
        guard let address = SocketAddress(unixPath: "/sidecar/control.sock"),
            let client = try? SimulatedClient(name: "operator", to: address), (try? client.start()) != nil
        else { return say("the operator cannot start") }
        _ = Unmanaged.passRetained(client)
        operatorClient = client
        client.thread.mailbox.post { [self] in
            client.after(100_000_000 + world.chance.below(100_000_000)) { [self] in change(client, Self.changeCount) }
        }
    }

    func change(_ client: SimulatedClient, _ left: Int) {
        guard left > 0 else {
            changesLeft = 0
            return
        }
        changesLeft = left
        var request = Switchover_V1_ChangeSwitchesRequest()
        request.migration = "orders"
        let name = choose(&request)
        send(client, request, name) { [self] answer in
            // There may be nothing to undo.
            if isPeaceful, ![.ok, .failedPrecondition, .notFound].contains(answer.status) {
                broken = broken ?? "a change of the switches fails in peace: \(name): \(answer.note)"
            }
            // Often at once, while the one before is hardly over.
            let longest: UInt64 =
                isClimbing ? 40_000_000 : world.chance.happens(oneIn: 3) ? 10_000_000 : 400_000_000
            client.after(world.chance.below(longest)) { [self] in change(client, left - 1) }
        }
    }

    private func send(
        _ client: SimulatedClient, _ request: Switchover_V1_ChangeSwitchesRequest, _ name: String,
        then: @escaping (SimulatedClient.Answer) -> Void
    ) {
        say("the operator: \(name)")
        // It may come into force though nobody says so.
        if request.phase == "finished" { wasFinished = true }
        if case .enrolled = request.change { wasEnrolled = true }
        changesUntil = world.now + 30_000_000_000
        let began = world.now
        ask("ChangeSwitches", request) { [self] answer in
            say("the operator was answered \(answer.note)")
            changesUntil = world.now + 50_000_000
            // It serves.
            if answer.status == .ok, oblivions.isEmpty { baseline = baseline ?? descriptorKinds() }
            let response = try? Switchover_V1_ChangeSwitchesResponse(serializedBytes: answer.message)
            judgeChange(answer, response, name, since: began)
            if answer.status == .ok, let response {
                switches = response.after
                if response.changed { changes += 1 }
            }
            // Who has read the log knows them, and goes on; but not where the last word of old would be lost.
            if answer.status == .failedPrecondition, request.acceptDirty == 0, request.phase != "retired",
                let words = answer.words.split(separator: " ").last, let count = UInt64(words),
                answer.words.contains("--accept-dirty")
            {
                var again = request
                again.acceptDirty = count
                return send(client, again, "\(name), accept \(count) dirty", then: then)
            }
            then(answer)
        }
    }

    /// On the operator's loop.
    func ask(
        _ method: String, _ request: any SwiftProtobuf.Message, then: @escaping (SimulatedClient.Answer) -> Void
    ) {
        operatorClient?.call(
            "/switchover.v1.Control/\(method)", (try? request.serializedBytes()) ?? [], number: -1,
            timeout: 30_000_000_000, then: then)
    }

    /// What may come next, in words.
    private func choose(_ request: inout Switchover_V1_ChangeSwitchesRequest) -> String {
        if changes > 0, !isClimbing, !wasFinished, world.chance.happens(oneIn: 4) {
            request.rollback = Switchover_V1_Rollback()
            return "rollback"
        }
        switch switches.phase {
        case "idle":
            request.phase = "migrating"
            // Later new may have what nobody maintains.
            request.newIsEmpty = !wasEnrolled
            return request.newIsEmpty ? "migrating, new is empty" : "migrating"
        case "mirrored": return chooseAtMirrored(&request)
        case "finished": return chooseAtFinished(&request)
        case "retired":
            request.phase = "finished"
            request.force = "orders"
            return "finished, which is over for good"
        default: break
        }
        if beginsIdle, Self.stores(of: switches.enrolled).isEmpty, world.chance.happens(oneIn: 4) {
            request.phase = "idle"
            return "idle"
        }
        var set = Switchover_V1_SetChange()
        if isCopied, isClimbing || world.chance.happens(oneIn: 3) {
            if switches.gray.everything {
                request.phase = "mirrored"
                request.force = "orders"
                return "mirrored"
            }
            set.all = true
            request.gray = set
            return "gray all"
        }
        if isCopied, world.chance.happens(oneIn: 8) { return choosePart(&request) }
        // Some are refused: so be it.
        let (enrolled, gray) = (Self.stores(of: switches.enrolled), Self.stores(of: switches.gray))
        let isOfEnrolled = !isCopied && (enrolled.isEmpty || world.chance.happens(oneIn: 3))
        let present = isOfEnrolled ? enrolled : gray
        let goesBack = !present.isEmpty && world.chance.happens(oneIn: 3)
        let possible = goesBack ? present : isOfEnrolled ? Self.stores : enrolled
        // Mostly one whose records are just being written.
        let hot = possible.filter { store in hotRecords.contains { Self.store(of: $0) == store } }
        let store = world.chance.pick(hot.isEmpty || world.chance.happens(oneIn: 4) ? possible : hot)
        var keys = Switchover_V1_SetChange.Keys()
        var key = Switchover_V1_GrayKey()
        key.components = [store]
        keys.keys = [key]
        if goesBack { set.remove = keys } else { set.add = keys }
        if isOfEnrolled { request.enrolled = set } else { request.gray = set }
        return "\(isOfEnrolled ? "enrol" : "gray") \(goesBack ? "remove" : "add") \(store)"
    }

    private func chooseAtMirrored(_ request: inout Switchover_V1_ChangeSwitchesRequest) -> String {
        // Old has missed writes: where it is asked again it would show what is over.
        request.phase = wasFinished || climbs || world.chance.happens(oneIn: 2) ? "finished" : "migrating"
        request.force = "orders"
        return request.phase
    }

    private func chooseAtFinished(_ request: inout Switchover_V1_ChangeSwitchesRequest) -> String {
        if world.chance.happens(oneIn: 10) {
            request.phase = "retired"
            request.force = "orders"
            return "retired"
        }
        request.phase = "mirrored"
        if world.chance.happens(oneIn: 4) { return "mirrored, which old cannot take any more" }
        request.force = "orders"
        return "mirrored, though old has missed writes"
    }

    /// A share of the gray keys, or those that a file names.
    private func choosePart(_ request: inout Switchover_V1_ChangeSwitchesRequest) -> String {
        if world.chance.happens(oneIn: 2) {
            let share = world.chance.pick([0, 3000, 6000, 10_000] as [UInt32])
            request.gray.percentTimes100 = share
            return "gray \(share / 100) %"
        }
        let file = world.chance.pick(["", Self.keyFile, Self.keyFile])
        request.gray.allowFile = file
        return "gray by the file \"\(file)\""
    }

    /// Beside the switch file.
    static let keyFile = "gray.txt"

    private static func stores(of set: Switchover_V1_GrayKeySet) -> [String] {
        set.everything ? stores : set.allow.compactMap(\.components.first)
    }
}
