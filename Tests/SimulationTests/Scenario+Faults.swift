import Glibc

/// What goes wrong in a seed.
extension Scenario {
    func killSidecar(losesUnsynced: Bool) {
        say("kill -9 of the sidecar\(losesUnsynced ? ", and of its machine" : "")")
        oblivions.append(world.now)
        world.kill(sidecar, losesUnsynced: losesUnsynced)
        world.sleep(nanoseconds: world.chance.below(500_000_000))
        startSidecar()
    }

    func disturb() {
        for _ in 0..<Self.faultCount {
            world.sleep(nanoseconds: world.chance.below(1_500_000_000))
            let side = world.chance.pick(["127.0.0.1:9001", "127.0.0.1:9002"])
            switch world.chance.below(6) {
            case 0:
                if isOfDatabases { awaitCommit() }
                killSidecar(losesUnsynced: world.chance.happens(oneIn: 2))
            case 1:
                say("SIGTERM to the sidecar")
                world.signal(sidecar, SIGTERM)
                let ended = sidecar
                guard world.pause(until: world.now + 60_000_000_000, { [self] in ends[ended.number] != nil }) else {
                    broken = broken ?? "the sidecar has not ended a minute after SIGTERM"
                    return
                }
                world.kill(ended, losesUnsynced: false)
                oblivions.append(world.now)
                startSidecar()
            case 4:
                say("all connections of clients are cut")
                world.cut("127.0.0.1:9000")
            case _ where isOfDatabases: disturbDatabases()
            case 2:
                say("all connections to \(side) are cut")
                world.cut(side)
            case 3:
                say("nothing arrives at \(side) for a while")
                world.faults.stalledUntil[side] = world.now + world.chance.below(3_000_000_000)
            default:
                say("\(side) lets nobody in for a while")
                world.cut(side)
                world.faults.refusedUntil[side] = world.now + world.chance.below(2_000_000_000)
            }
        }
    }
}
