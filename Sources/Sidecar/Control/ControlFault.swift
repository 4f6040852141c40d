import Migration
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Why a call of the control socket is refused.
struct ControlFault: Error, Equatable {
    let status: GRPCStatus
    /// For a person: what is wrong and what to do.
    let text: String

    init(_ status: GRPCStatus, _ text: String) {
        self.status = status
        self.text = text
    }
}

/// The switches as the control socket's messages say them.
extension Switchover_V1_Switches {
    init(_ entry: SwitchEntry) {
        self = .with {
            $0.epoch = entry.epoch
            $0.phase = entry.state.phase.name
            $0.enrolled = Switchover_V1_GrayKeySet(entry.state.enrolled)
            $0.gray = Switchover_V1_GrayKeySet(entry.state.gray)
        }
    }
}

extension Switchover_V1_GrayKeySet {
    init(_ selection: KeySelection) {
        self = .with {
            $0.everything = selection.everything
            $0.deny = selection.deny.map(Switchover_V1_GrayKey.init)
            $0.denyFile = selection.denyFile ?? ""
            $0.allow = selection.allow.map(Switchover_V1_GrayKey.init)
            $0.allowFile = selection.allowFile ?? ""
            $0.percentTimes100 = selection.percentTimes100
        }
    }
}

extension Switchover_V1_GrayKey {
    init(_ key: KeySelection.Key) { self = .with { $0.components = key.components } }
}

extension Switchover_V1_Obstacle {
    init(_ obstacle: MoveObstacle, _ migration: String) {
        self = .with {
            $0.name = obstacle.name
            $0.sentence = obstacle.sentence(migration)
            $0.canBeWaived = obstacle.waiver != .none
        }
    }
}

extension Switchover_V1_SwitchChange {
    init(_ entry: AuditEntry) {
        self = .with {
            $0.time = entry.time
            $0.migration = entry.migration
            if let before = entry.before { $0.before = Switchover_V1_Switches(before) }
            $0.after = Switchover_V1_Switches(entry.after)
            $0.by = entry.by
            let waived = entry.waived.isEmpty ? [] : ["[let through: \(entry.waived.joined(separator: "; "))]"]
            $0.reason = ((entry.reason.isEmpty ? [] : [entry.reason]) + waived).joined(separator: " ")
            $0.origin = entry.origin.rawValue
        }
    }
}

extension KeySelection {
    /// This set as a command changes it. Fails for a request that says nothing or what no set can be.
    func applying(_ change: Switchover_V1_SetChange, _ form: GrayKeyForm) throws(ControlFault) -> KeySelection {
        let present = respelled(form)
        let result = try present.changed(by: change, form)
        return result == present ? self : result
    }

    /// This set with each key written in one way: bytes may have capital digits.
    private func respelled(_ form: GrayKeyForm) -> KeySelection {
        guard form.components.contains(.bytes) else { return self }
        var result = self
        result.allow = allow.map { $0.respelled(form) }
        result.deny = deny.map { $0.respelled(form) }
        return result
    }

    private func changed(by change: Switchover_V1_SetChange, _ form: GrayKeyForm) throws(ControlFault) -> KeySelection {
        var result = self
        switch change.change {
        case .add(let keys): result.add(try Self.keys(keys, form))
        case .remove(let keys): result.remove(try Self.keys(keys, form))
        case .percentTimes100(let percent):
            guard percent <= 10_000 else { throw ControlFault(.invalidArgument, "a percentage is 0 to 100") }
            result.setShare(percent)
        case .all(true): return .all
        case .none(true)?: return KeySelection()
        case .allowFile(let path):
            if everything { result = KeySelection() }
            result.allowFile = path.isEmpty ? nil : path
        case .all(false), .none(false)?, nil:
            throw ControlFault(.invalidArgument, "the request does not say how the set is to change")
        }
        return result
    }
}

extension KeySelection {
    /// Judged here too: a set that the keys change nothing of is not read again.
    private static func keys(_ keys: Switchover_V1_SetChange.Keys, _ form: GrayKeyForm) throws(ControlFault) -> [Key] {
        var canonical: [UInt8] = []
        for key in keys.keys {
            do throws(GrayKeyForm.Malformed) {
                try form.append(key.components.map { Array($0.utf8)[...] }, to: &canonical)
            } catch {
                throw ControlFault(.invalidArgument, error.problem)
            }
            canonical.removeAll(keepingCapacity: true)
        }
        return keys.keys.map { Key($0.components).respelled(form) }
    }
}

extension KeySelection.Key {
    fileprivate func respelled(_ form: GrayKeyForm) -> Self {
        guard components.count == form.components.count else { return self }
        return Self(zip(components, form.components).map { $1 == .bytes ? $0.lowercased() : $0 })
    }
}
