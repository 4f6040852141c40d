import SwiftProtobuf
import SwitchoverProtocol

/// Changes of the switches as an answer of the control socket: each entry has whole lists, twice, and there may be a
/// thousand of them. Pure.
enum ChangeList {
    /// Longest answer; what is older than what fits is left out.
    static let bytesAtMost = 256 << 20

    /// - Parameters:
    ///   - changes: newest first.
    ///   - keysAtMost: of each list; 0: all.
    static func response(
        _ changes: [AuditEntry], keysAtMost: Int, bytesAtMost: Int = bytesAtMost
    ) -> Switchover_V1_ListChangesResponse {
        var response = Switchover_V1_ListChangesResponse()
        var bytes = 0
        for change in changes {
            var change = Switchover_V1_SwitchChange(change)
            if keysAtMost > 0 { change.shorten(to: keysAtMost) }
            bytes += (try? change.serializedData().count) ?? 0
            // The newest one is given in any case.
            guard bytes <= bytesAtMost || response.changes.isEmpty else { break }
            response.changes.append(change)
        }
        response.leftOut = UInt32(changes.count - response.changes.count)
        return response
    }
}

extension Switchover_V1_SwitchChange {
    fileprivate mutating func shorten(to count: Int) {
        if hasBefore { before.shorten(to: count) }
        if hasAfter { after.shorten(to: count) }
    }
}

extension Switchover_V1_Switches {
    fileprivate mutating func shorten(to count: Int) {
        enrolled.shorten(to: count)
        gray.shorten(to: count)
    }
}

extension Switchover_V1_GrayKeySet {
    fileprivate mutating func shorten(to count: Int) {
        denyLeftOut = UInt64(max(0, deny.count - count))
        allowLeftOut = UInt64(max(0, allow.count - count))
        deny = Array(deny.prefix(count))
        allow = Array(allow.prefix(count))
    }
}
