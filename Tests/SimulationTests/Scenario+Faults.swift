import EventLoop
import Glibc

/// What goes wrong in a seed, beside what the sides do by themselves.
extension Scenario {
    private static let addresses = ["old": "127.0.0.1:9001", "new": "127.0.0.1:9002"]

    func killSidecar(losesUnsynced: Bool) {
        say("kill -9 of the sidecar\(losesUnsynced ? ", and of its machine" : "")")
        oblivions.append(world.now)
        losses.append(world.now)
        noteAll("kill")
        world.kill(sidecar, losesUnsynced: losesUnsynced)
        world.sleep(nanoseconds: world.chance.below(500_000_000))
        startSidecar()
        if world.chance.happens(oneIn: 4) { killDuringStart() }
    }

    func disturb() {
        if world.chance.happens(oneIn: 2) {
            (world.faults.stallOneIn, world.faults.longestStall) = (world.chance.within(50...400), 150_000_000)
        }
        if world.chance.happens(oneIn: 3) { crowdTime = world.now + world.chance.below(2_000_000_000) }
        for _ in 0..<Self.faultCount {
            if crowdTime < world.now { crowd() }
            world.sleep(nanoseconds: world.chance.below(900_000_000))
            guard broken == nil, watch.broken == nil else { return }
            if isUninterrupted || !world.chance.happens(oneIn: 3) { disturbNetwork() } else { interrupt() }
        }
    }

    /// More clients than the sidecar takes: each calls once, and keeps its connection.
    private func crowd() {
        say("a crowd of clients")
        crowdTime = .max
        crowdedUntil = world.now + 1_000_000_000
        for number in 0..<Self.connectionsAtMost {
            world.start(world.makeProcess("crowd-\(number)")) { [self] in
                guard let client = makeClient("crowd-\(number)") else { return }
                client.thread.mailbox.post { [self] in
                    perform(client, Self.clientCount + 1, Int64(number) + 1, .find) {}
                }
            }
        }
    }

    private func interrupt() {
        awaitAsk()
        guard world.chance.happens(oneIn: 2) else {
            if isOfDatabases { awaitCommit() }
            return killSidecar(losesUnsynced: world.chance.happens(oneIn: 2))
        }
        say("SIGTERM to the sidecar")
        oblivions.append(world.now)
        noteAll("term")
        guard terminate() != nil else { return }
        oblivions.append(world.now)
        startSidecar()
    }

    private func disturbNetwork() {
        if isOfDatabases, world.chance.happens(oneIn: 2) { return disturbDatabases() }
        let side = world.chance.pick(["old", "new"])
        let address = Self.addresses[side] ?? ""
        awaitAsk(of: side)
        switch isOfDatabases ? world.chance.pick([2, 5]) : world.chance.below(6) {
        case 0:
            say("all connections to \(side) are cut")
            noteAll("cut", of: side)
            world.cut(address)
        case 1:
            say("nothing arrives at \(side) for a while")
            noteAll("stalled", of: side)
            world.faults.stalledUntil[address] = world.now + world.chance.below(Self.longestStall)
        case 2:
            say("all connections of clients are cut")
            losses.append(world.now)
            noteAll("left")
            world.cut("127.0.0.1:9000")
        case 3:
            say("\(side) lets nobody in for a while")
            noteAll("cut", of: side)
            world.cut(address)
            world.faults.refusedUntil[address] = world.now + world.chance.below(1_500_000_000)
        case 4:
            say("\(side) tells the sidecar to go elsewhere")
            noteAll("goaway", of: side)
            guard let server = servers.first(where: { $0.name == side }) else { return }
            server.thread.mailbox.post { server.sendAway() }
        default:
            say("a client hangs up")
            let client = world.chance.pick(clients)
            client.thread.mailbox.post { [self] in
                client.after(0) { [self] in
                    losses.append(world.now)
                    client.hangUp()
                }
            }
        }
    }

    private func noteAll(_ fault: String, of side: String? = nil) {
        for ask in watch.atWork where side == nil || ask.side == side { note(ask, fault) }
    }

    /// Its exit status; nil where it does not end.
    func terminate() -> Int32? {
        world.signal(sidecar, SIGTERM)
        let ended = sidecar
        guard holds({ [self] in ends[ended.number] != nil }) else {
            broken = broken ?? "the sidecar has not ended ten minutes after SIGTERM"
            return nil
        }
        if let fault = exitFault(of: ended) { broken = broken ?? fault }
        let left = connections(of: ended).count
        if left > 0 { broken = broken ?? "\(left) connections of clients are left open at the end" }
        world.kill(ended, losesUnsynced: false)
        return ends[ended.number]
    }

    /// A sidecar ends with 0; with 3 if it names records whose sides may differ (contract, 9).
    private func exitFault(of ended: SimulatedProcess) -> String? {
        switch ends[ended.number] {
        case 0: return nil
        case 3 where ended.consoleText.contains("the two sides of a record may differ"): return nil
        case let status: return "the sidecar has ended with status \(status ?? -1), and names no record"
        }
    }
}
