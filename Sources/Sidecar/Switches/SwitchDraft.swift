import Migration
import WireFormat

/// One migration of a switch file, read and found right, before its sets are built.
struct SwitchDraft {
    let epoch: UInt64
    let phase: Phase
    let enrolled: GraySetDraft
    let gray: GraySetDraft

    var summary: SwitchSummary {
        let parts = [UInt64(phase.rawValue), enrolled.fingerprint, gray.fingerprint]
        let bytes = parts.flatMap { part in withUnsafeBytes(of: part.littleEndian, Array.init) }
        return SwitchSummary(
            epoch: epoch, phase: phase, enrolled: enrolled.description, gray: gray.description,
            enrolledSize: enrolled.size, graySize: gray.size,
            fingerprint: Fingerprint.of(bytes))
    }

    func switches(of migrationName: String) throws(KeySetError) -> MigrationSwitches {
        let cohort = Cohort(migration: migrationName)
        return MigrationSwitches(
            epoch: epoch, phase: phase, enrolled: try enrolled.set(cohort), gray: try gray.set(cohort))
    }
}

/// One set of gray keys: all, or a deny list before an allow list before a percentage. None by default.
struct GraySetDraft {
    var everything = false
    var deny = KeyList()
    var allow = KeyList()
    var percentTimes100: UInt32 = 0

    var fingerprint: UInt64 {
        let parts = [everything ? 1 : 0, UInt64(percentTimes100), deny.fingerprint, allow.fingerprint]
        return Fingerprint.of(parts.flatMap { part in withUnsafeBytes(of: part.littleEndian, Array.init) })
    }

    var size: GraySetSize {
        GraySetSize(allowed: allow.count, denied: deny.count, shareTimes100: everything ? 10_000 : percentTimes100)
    }

    var description: String {
        if everything { return "all" }
        var parts: [String] = []
        if deny.count > 0 { parts.append("\(deny.count) denied") }
        if allow.count > 0 { parts.append("\(allow.count) allowed") }
        if percentTimes100 > 0 { parts.append("\(Double(percentTimes100) / 100) %") }
        return parts.isEmpty || parts == ["\(deny.count) denied"] ? "none" : parts.joined(separator: ", ")
    }

    func set(_ cohort: Cohort) throws(KeySetError) -> GraySet {
        GraySet(
            everything: everything, deny: try KeySet(keys: deny), allow: try KeySet(keys: allow),
            percentTimes100: percentTimes100, cohort: cohort)
    }
}
