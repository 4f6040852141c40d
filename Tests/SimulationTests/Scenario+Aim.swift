import EventLoop
import Logging
import Sidecar

/// Faults that come at a moment of their own: by chance they would seldom meet what is rare.
extension Scenario {
    /// Mostly waits until a side is at work on an ask of some kind of call.
    func awaitAsk(of side: String? = nil) {
        guard !isOfDatabases, world.chance.below(5) > 0 else { return }
        let kind = world.chance.pick(Coverage.kinds)
        let isLater = world.chance.happens(oneIn: 2)
        let end = world.now + 200_000_000
        world.pause(until: end) { [self] in
            watch.atWork.contains { ask in
                calls.indices.contains(ask.call) && calls[ask.call].kind == kind && (side == nil || ask.side == side)
                    && !(isLater && watch.isFirst(ask))
            }
        }
    }

    /// Once more, before it serves or when it hardly does.
    func killDuringStart() {
        world.sleep(nanoseconds: world.chance.below(2_000_000))
        let losesUnsynced = world.chance.happens(oneIn: 2)
        say("kill -9 while it starts\(losesUnsynced ? ", and of its machine" : "")")
        oblivions.append(world.now)
        losses.append(world.now)
        world.kill(sidecar, losesUnsynced: losesUnsynced)
        startSidecar()
    }

    /// A second sidecar on the same files is refused (contract, 8).
    func startRival() {
        let left = Done()
        left.count = 1
        let rival = world.makeProcess("sidecar")
        world.start(rival) { [self] in
            do {
                let configuration = try Configuration.load("/sidecar/switchover.yaml")
                let logger = Logger(label: "rival") { _ in SwiftLogNoOpLogHandler() }
                _ = try SidecarProcess(configuration: configuration, logger: logger)
                broken = broken ?? "a second sidecar works with the same switch file (contract, 8)"
            } catch {
                say("a second sidecar is refused: \(error)")
            }
            left.count = 0
        }
        _ = holds { left.count == 0 }
        world.kill(rival, losesUnsynced: false)
    }
}
