import EventLoop
import Sidecar
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Somebody who edits the switch file by hand, in some seeds: breaks it and puts it right, writes what is refused,
/// raises the epoch, loses the file and has it written back. And a disk beside it that is full for a while.
extension Scenario {
    private static let switchFile = "/sidecar/switches.json"
    private var isEdited: Bool { seed % 4 == 1 || seed % 8 == 7 }

    func startEdits() {
        guard isEdited else { return }
        guestsLeft += 1
        world.start(world.makeProcess("editor")) { [self] in
            for _ in 0..<6 {
                world.sleep(nanoseconds: world.chance.below(500_000_000))
                edit()
            }
            guestsLeft -= 1
        }
    }

    private func edit() {
        guard let text = world.disk.text(Self.switchFile), text.contains("\"orders\"") else { return }
        switch world.chance.below(10) {
        case 0: spoil(text, "{\"version\": 1,", "half of a file")
        case 1: spoil(text, text.replacing("\"version\": 1", with: "\"version\": 7"), "another version")
        // A command for another migration would be written into it, and nobody could put it back as it was.
        case 2 where !hasGuests: spoil(text, text.replacing("\"orders\"", with: "\"orderz\""), "another name")
        case 3 where !hasGuests: spoil(text, with(text, epoch: { _ in 1 }), "an epoch of long ago")
        // At a start it would be taken, with a warning.
        case 4 where isUninterrupted && !hasGuests:
            let other = text.contains("\"migrating\"") ? "finished" : "idle"
            let jump = Self.phases.reduce(with(text, epoch: { $0 + 1 })) {
                $0.replacing("\"phase\": \"\($1)\"", with: "\"phase\": \"\(other)\"")
            }
            // From some phases it is one rung.
            guard text.contains("\"migrating\"") || text.contains("\"finished\"") else { return }
            spoil(text, jump, "a jump to \(other)")
        case 5: spoil(text, text + "[", "more than a file")
        case 6: raiseEpoch(text)
        case 7: loseFile(text)
        case 8: spoilKeys()
        case 9 where isUninterrupted:
            let long = world.chance.below(300_000_000)
            say("the disk of the switch file is \(long % 2 == 0 ? "full" : "failing") for \(long / 1_000_000) ms")
            world.disk.troubles = [("/sidecar/switches", long % 2 == 0, world.now + long)]
            world.sleep(nanoseconds: long)
        default: spoil(text, "", "nothing at all")
        }
    }

    /// The file says what is refused, for a while: nothing changes meanwhile (contract, 2).
    private func spoil(_ text: String, _ wrong: String, _ name: String) {
        guard wrong != text else { return }
        say("the switch file is edited: \(name)")
        let isReplaced = world.chance.happens(oneIn: 2)
        write(wrong, isReplaced: isReplaced)
        world.sleep(nanoseconds: world.chance.below(400_000_000))
        // A command may have written another one meanwhile.
        guard world.disk.text(Self.switchFile) == wrong else { return }
        say("the switch file is put back")
        write(text, isReplaced: isReplaced)
    }

    /// - Parameter isReplaced: renamed into place, not written over.
    private func write(_ text: String, isReplaced: Bool) {
        if isReplaced { world.disk.make(Self.switchFile, at: world.now) }
        world.disk.put(Self.switchFile, text)
    }

    /// Under every migration's name. The numbers stand as the sidecar and the first file write them.
    private func with(_ text: String, epoch change: (UInt64) -> UInt64) -> String {
        let parts = text.components(separatedByText: "\"epoch\": ")
        return parts.dropFirst().reduce(parts[0]) { whole, part in
            let digits = part.prefix { $0.isNumber }
            return whole + "\"epoch\": \(change(UInt64(digits) ?? 1))" + part.dropFirst(digits.count)
        }
    }

    /// The same switches, or a set of keys that goes a stage on: taken.
    private func raiseEpoch(_ text: String) {
        var next = with(text, epoch: { $0 + 1 })
        if isCopied, !hasGuests, text.contains("\"migrating\""), world.chance.happens(oneIn: 2) {
            next = next.replacing("\"gray\": \"none\"", with: "\"gray\": {\"allow\": [\"406\"]}")
        }
        say("the switch file is edited: a higher epoch")
        changesUntil = world.now + 1_000_000_000
        waresChangesUntil = max(waresChangesUntil, world.now + 1_000_000_000)
        write(next, isReplaced: true)
    }

    private func loseFile(_ text: String) {
        say("the switch file is lost")
        let copy = world.disk.text(Self.switchFile) ?? ""
        _ = world.unlink(Self.switchFile)
        world.sleep(nanoseconds: world.chance.below(300_000_000))
        while world.disk.entries[Self.switchFile] == nil {
            writeFileBack(copy)
            world.sleep(nanoseconds: 50_000_000)
        }
    }

    /// `switchover init-switches`: as the running sidecar says, or where none runs as was last on record. Where nobody
    /// knows, it says that the file is to be put back by hand: from a copy.
    private func writeFileBack(_ copy: String) {
        let told = Told()
        let isRunning = ends[sidecar.number] == nil && !sidecar.isDead
        guard let client = operatorClient else { return }
        client.thread.mailbox.post { [self] in
            ask("GetStatus", Switchover_V1_GetStatusRequest()) { answer in
                told.isTold = true
                guard answer.status == .ok else { return }
                told.status = try? Switchover_V1_GetStatusResponse(serializedBytes: answer.message)
            }
        }
        world.pause(until: world.now + 2_000_000_000) { told.isTold }
        if told.status == nil, isRunning { return }
        do {
            let names = hasGuests ? ["orders", "wares", "odds"] : ["orders"]
            let switches = try InitialSwitches(
                path: Self.switchFile, migrations: names, running: told.status?.migrations ?? [], notMade: [])
            try SwitchFileWriter.create(Self.switchFile, switches)
            say("the switch file is written back: \(switches.sentences), \(switches.doubts)")
        } catch {
            say("the switch file is not written back: \(error)")
            world.disk.put(Self.switchFile, copy)
        }
    }

    private final class Told: @unchecked Sendable {
        // Sendable because one thread of the world runs at a time.
        var isTold = false
        var status: Switchover_V1_GetStatusResponse?
    }

    private func spoilKeys() {
        let path = "/sidecar/\(Self.keyFile)"
        guard let text = world.disk.text(path) else { return }
        say("the file of keys is edited")
        world.disk.put(path, world.chance.pick(["406\n9\n", " 406\n", "", "7\r\n\r\n406"]))
        world.sleep(nanoseconds: world.chance.below(300_000_000))
        world.disk.put(path, text)
        // What a change meant by it is another set now: that is a change too.
        if let switches = world.disk.text(Self.switchFile), switches.contains(Self.keyFile) { raiseEpoch(switches) }
    }
}

extension String {
    /// The parts between `separator`.
    fileprivate func components(separatedByText separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
