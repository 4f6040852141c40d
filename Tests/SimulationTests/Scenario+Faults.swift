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
        if world.chance.happens(oneIn: 2) { world.faults.splitOneIn = 3 }
        if world.chance.happens(oneIn: 2) {
            world.faults.interruptOneIn = world.chance.within(100...400)
            takeTurns()
        }
        if world.chance.happens(oneIn: 3) { crowdTime = world.now + world.chance.below(2_000_000_000) }
        for _ in 0..<Self.faultCount {
            if crowdTime < world.now { crowd() }
            world.sleep(nanoseconds: world.chance.below(900_000_000))
            guard broken == nil, watch.broken == nil else { return }
            if isUninterrupted || !world.chance.happens(oneIn: 3) { disturbNetwork() } else { interrupt() }
        }
    }

    /// The threads of the sidecar lose their turn in the middle of what they do, while the switches change or it ends.
    func takeTurns() {
        world.faults.interrupted = sidecar
        world.faults.hardInterruptOneIn = world.chance.within(4...20)
        world.faults.longestInterruption = 50_000_000
        world.faults.isHardNow = { [unowned self] in isDraining || world.now < changesUntil }
    }

    /// Clients that come while the sidecar ends: some are let in, and told to go.
    func comeLate() {
        world.cut("127.0.0.1:9000")
        for number in 0..<Self.connectionsAtMost {
            let delay = world.chance.below(60_000_000)
            world.start(world.makeProcess("late-\(number)")) { [self] in
                guard let client = makeClient("late-\(number)") else { return }
                client.thread.mailbox.post { [self] in
                    client.after(delay) { [self] in stray(client, Int64(number) + 1) {} }
                }
            }
        }
        world.sleep(nanoseconds: world.chance.below(20_000_000))
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
        // What they have begun goes on without them.
        if world.chance.happens(oneIn: 2) { cutClients() }
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
            cutClients()
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

    private func cutClients() {
        say("all connections of clients are cut")
        losses.append(world.now)
        noteAll("left")
        world.cut("127.0.0.1:9000")
    }

    private func noteAll(_ fault: String, of side: String? = nil) {
        for ask in watch.atWork where side == nil || ask.side == side { note(ask, fault) }
    }

    /// Its exit status; nil where it does not end.
    func terminate() -> Int32? {
        world.signal(sidecar, SIGTERM)
        let (ended, began) = (sidecar, world.now)
        isDraining = true
        defer { isDraining = false }
        guard holds({ [self] in ends[ended.number] != nil }) else {
            broken = broken ?? "the sidecar has not ended ten minutes after SIGTERM"
            return nil
        }
        if let fault = exitFault(of: ended, after: world.now - began) { broken = broken ?? fault }
        let left = connections(of: ended).count
        if left > 0 { broken = broken ?? "\(left) connections of clients are left open at the end" }
        world.kill(ended, losesUnsynced: false)
        return ends[ended.number]
    }

    /// A sidecar ends with 0; with 3 if it names records whose sides may differ. A write of both sides is cut short
    /// when its time is over, and not before (contract, 9).
    private func exitFault(of ended: SimulatedProcess, after time: UInt64) -> String? {
        if time < Self.longestDrain, ended.consoleText.contains("the process ends under a write of both sides") {
            return "a write of both sides is cut short \(time / 1_000_000) ms after SIGTERM (contract, 9)"
        }
        switch ends[ended.number] {
        case 0: return nil
        case 3 where ended.consoleText.contains("the two sides of a record may differ"): return nil
        case let status: return "the sidecar has ended with status \(status ?? -1), and names no record"
        }
    }
}
