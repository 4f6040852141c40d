import Migration

/// What a status may say of the conditions of the next rung: met, or not to be known. Pure; what is not met is an
/// obstacle. Nothing is said to be met that the process has not seen itself.
struct Conditions {
    private(set) var met: [String] = []
    private(set) var unknown: [String] = []

    /// - Parameters:
    ///   - started: when the process did.
    ///   - wasWrittenBefore: records may have been written on both sides before that.
    init(
        next: Phase, obstacles: [MoveObstacle], movesServices: Bool, servicesNeverCalled: [String],
        newHoldsRecords: Bool?, started: String, wasWrittenBefore: Bool
    ) {
        let names = Set(obstacles.map(\.name))
        if movesServices { addCalls(names, servicesNeverCalled, started) }
        if next == .migrating {
            if !names.contains("gray-not-empty") { met.append("The gray set is empty.") }
            if newHoldsRecords == false { met.append("New holds no record yet.") }
        }
        guard [.mirrored, .finished, .retired].contains(next) else { return }
        if !names.contains("dirty-records") {
            met.append("No record is dirty now, as far as it was written since the start at \(started).")
        }
        if wasWrittenBefore {
            unknown.append("Whether a write was left on one side is unknown before the start at \(started).")
        }
    }

    private mutating func addCalls(_ obstacles: Set<String>, _ servicesNeverCalled: [String], _ started: String) {
        if servicesNeverCalled.isEmpty {
            let isMet = obstacles.isDisjoint(with: ["unlisted-methods", "service-not-named"])
            if isMet { met.append("Every method that was called since \(started) is in the configuration.") }
        } else if !obstacles.contains("service-never-called") {
            let names = servicesNeverCalled.joined(separator: ", ")
            let have = servicesNeverCalled.count == 1 ? "has" : "have"
            unknown.append(
                "Whether the configuration names what clients call is unknown: \(names) \(have) not been called since "
                    + "\(started). switchover check --descriptor FILE compares the names.")
        }
    }
}
