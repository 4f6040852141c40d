import EventLoop
import HTTP2
import WireFormat

/// The two sides: two ledgers behind gRPC servers, which are late, lose answers and refuse now and then.
extension Scenario {
    func serveSides() {
        for (name, port, ledger) in [("old", UInt16(9001), old), ("new", 9002, new)] {
            do {
                let server = try SideServer(
                    name: name, port: port, answerEarly: { [self] in answerEarly($0) },
                    handle: { [self] in work(name, ledger, $0) })
                server.resetDelay = { [self] in isSteady ? 0 : world.chance.below(5_000_000) }
                try server.start()
                servers.append(server)
            } catch {
                say("\(name) cannot start: \(error)")
            }
        }
    }

    /// A request that is not read to its end. (A delete that one side reads to its end, and the other does not, is one
    /// that its authority alone refuses: decision 0021.)
    private func answerEarly(_ request: SideServer.Request) -> SideServer.Answer? {
        guard !isSteady, !request.path.hasSuffix("/Remove"), world.chance.happens(oneIn: 2) else { return nil }
        return SideServer.Answer(status: .failedPrecondition)
    }

    private func work(_ side: String, _ ledger: Ledger, _ request: SideServer.Request) -> SideServer.Work {
        let path = String(request.path.split(separator: "/").last ?? "")
        let ask = SideWatch.Ask(
            side: side, path: path, call: request.call, record: Self.record(of: path, request.message),
            stage: request.stage, epoch: request.epoch, process: request.process)
        watch.began(ask, of: calls.indices.contains(ask.call) ? calls[ask.call] : nil, at: world.now)
        let make = { [self] in
            let answer = ledger.answer(request.path, request.message)
            watch.ended(ask, answer.status, at: world.now)
            return answer
        }
        let fails = {
            let answer = make()
            return answer.status == .ok ? SideServer.Answer(status: .internal) : answer
        }
        if isSteady { return SideServer.Work(delay: world.chance.below(2_000_000), make: make) }
        let late = world.chance.below(Self.longestWork)
        // More goes wrong while the switches change.
        switch world.chance.below(world.now < changesUntil ? 60 : 150) {
        case 0:
            note(ask, "late")
            return SideServer.Work(delay: late, make: make)
        case 1:
            note(ask, "lost")
            return SideServer.Work(delay: world.chance.happens(oneIn: 2) ? late : 0, isLost: true, make: make)
        case 2:
            note(ask, "refused")
            return refuse(ask, make, late: late)
        case 3:
            note(ask, "failed")
            return SideServer.Work(make: fails)
        case 4...24: return SideServer.Work(delay: world.chance.below(20_000_000), make: make)
        default: return SideServer.Work(delay: world.chance.below(2_000_000), make: make)
        }
    }

    /// Said by proxies, and by servers that do not wait for what they have begun: it may be carried out all the same,
    /// later or just before (contract, 4.5).
    private func refuse(
        _ ask: SideWatch.Ask, _ make: @escaping () -> SideServer.Answer, late: UInt64
    ) -> SideServer.Work {
        let answer = SideServer.Answer(
            status: world.chance.pick([.unavailable, .unavailable, .deadlineExceeded, .cancelled]))
        if answer.status == .deadlineExceeded { watch.saysLate(ask) }
        guard world.chance.happens(oneIn: 2) else {
            return SideServer.Work(delay: world.chance.happens(oneIn: 2) ? late : 0, atOnce: answer, make: make)
        }
        return SideServer.Work { [self] in
            watch.ended(ask, answer.status, at: world.now)
            return answer
        }
    }

    /// A fault has hit this ask.
    func note(_ ask: SideWatch.Ask, _ fault: String) {
        guard calls.indices.contains(ask.call) else { return }
        coverage.note(ask, kind: calls[ask.call].kind, isFirst: watch.isFirst(ask), fault: fault)
    }

    /// The record that a request is about; 0: it names none, or several, or names one under a store that it is not of.
    private static func record(of path: String, _ bytes: [UInt8]) -> Int64 {
        let message = Message(bytes[...])
        let name: Entry
        switch path {
        case "Find", "Remove", "Judge": name = Entry(bytes[...])
        case "Change", "Add", "Save", "Place", "Overwrite": name = Entry(message.bytes(1))
        default: return 0
        }
        return name.store == store(of: name.id) ? name.id : 0
    }
}
