import EventLoop
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// The operator: changes the switches through the control socket, in ways that are mostly sensible.
extension Scenario {
    func operate() {
        guard let address = SocketAddress(unixPath: "/sidecar/control.sock"),
            let client = try? SimulatedClient(name: "operator", to: address), (try? client.start()) != nil
        else { return say("the operator cannot start") }
        _ = Unmanaged.passRetained(client)
        client.thread.mailbox.post { [self] in
            client.after(100_000_000 + world.chance.below(200_000_000)) { [self] in change(client, Self.changeCount) }
        }
    }

    private func change(_ client: SimulatedClient, _ left: Int) {
        guard left > 0 else { return }
        var request = Switchover_V1_ChangeSwitchesRequest()
        request.migration = "orders"
        let name = choose(&request)
        say("the operator: \(name)")
        client.call(
            "/switchover.v1.Control/ChangeSwitches", (try? request.serializedBytes()) ?? [], timeout: 30_000_000_000
        ) { [self] answer in
            say("the operator was answered \(answer.note)")
            if answer.status == .ok,
                let response = try? Switchover_V1_ChangeSwitchesResponse(serializedBytes: answer.message)
            {
                switches = response.after
                if response.changed { changes += 1 }
            }
            client.after(world.chance.below(800_000_000)) { [self] in change(client, left - 1) }
        }
    }

    /// What may come next, in words.
    private func choose(_ request: inout Switchover_V1_ChangeSwitchesRequest) -> String {
        if changes > 0, world.chance.happens(oneIn: 5) {
            request.rollback = Switchover_V1_Rollback()
            return "rollback"
        }
        switch switches.phase {
        case "idle":
            request.phase = "migrating"
            return "migrating"
        case "mirrored":
            request.phase = world.chance.happens(oneIn: 2) ? "finished" : "migrating"
            request.force = "orders"
            return request.phase
        case "finished":
            request.phase = "mirrored"
            return "mirrored, which old cannot take any more"
        default: break
        }
        var set = Switchover_V1_SetChange()
        if isCopied, world.chance.happens(oneIn: 3) {
            if switches.gray.everything {
                request.phase = "mirrored"
                request.force = "orders"
                return "mirrored"
            }
            set.all = true
            request.gray = set
            return "gray all"
        }
        // Some are refused: so be it.
        let (enrolled, gray) = (Self.stores(of: switches.enrolled), Self.stores(of: switches.gray))
        let isOfEnrolled = !isCopied && (enrolled.isEmpty || world.chance.happens(oneIn: 3))
        let present = isOfEnrolled ? enrolled : gray
        let goesBack = !present.isEmpty && world.chance.happens(oneIn: 3)
        let possible = goesBack ? present : isOfEnrolled ? Self.stores : enrolled
        let store = world.chance.pick(possible)
        var keys = Switchover_V1_SetChange.Keys()
        var key = Switchover_V1_GrayKey()
        key.components = [store]
        keys.keys = [key]
        if goesBack { set.remove = keys } else { set.add = keys }
        if isOfEnrolled { request.enrolled = set } else { request.gray = set }
        return "\(isOfEnrolled ? "enrol" : "gray") \(goesBack ? "remove" : "add") \(store)"
    }

    private static func stores(of set: Switchover_V1_GrayKeySet) -> [String] {
        set.everything ? stores : set.allow.compactMap(\.components.first)
    }
}
