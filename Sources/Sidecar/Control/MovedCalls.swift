import Migration

/// How many of the last minute's calls a change of the switches would have moved. Pure.
struct MovedCalls: Equatable {
    /// Calls of methods that the change can move.
    let movable: UInt64
    /// About how many of them it moves; nil where that is not known.
    let moved: UInt64?
    /// Calls of methods that it cannot move.
    let elsewhere: UInt64

    /// - Parameters:
    ///   - decided: calls of methods that the gray key decides, `passed` all others, which follow the total switch.
    ///   - sampled: how many of their gray keys are known, and `movedOfSample` how many of these the change moves.
    init(
        decided: UInt64, passed: UInt64, sampled: Int, movedOfSample: Int, delta: KeyDelta, from: SwitchState,
        to: SwitchState
    ) {
        let passedMove =
            (from.phase.rawValue >= Phase.mirrored.rawValue) != (to.phase.rawValue >= Phase.mirrored.rawValue)
        movable = decided + (passedMove ? passed : 0)
        elsewhere = passedMove ? 0 : passed
        let part: UInt64? =
            if delta.movesNothing || decided == 0 {
                0
            } else if delta.movesEverything {
                decided
            } else if sampled > 0 {
                UInt64(Double(decided) * Double(movedOfSample) / Double(sampled))
            } else {
                nil
            }
        moved = part.map { $0 + (passedMove ? passed : 0) }
    }
}
