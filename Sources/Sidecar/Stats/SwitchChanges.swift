/// What became of the changes of the switches since the process started.
package struct SwitchChanges: Sendable, Equatable {
    /// Changes that came into force, the first reading not counted.
    package private(set) var made: UInt64 = 0
    /// Times that a change took too long and what was in force stayed so.
    package private(set) var takenBackCount: UInt64 = 0
    /// Whether one that was taken back is still to be made.
    package private(set) var isWaiting = false
    /// How long the last one held the writes of the keys that it moved.
    package private(set) var lastHoldNanoseconds: UInt64 = 0
    /// By the migration's position: seconds since 1970; nil where none came into force yet.
    package private(set) var lastTimes: [Double?]
    package private(set) var isFileRefused = false
    /// Contents of the switch file that were not taken.
    package private(set) var fileRefusals: UInt64 = 0

    init(migrations: Int) { lastTimes = Array(repeating: nil, count: migrations) }

    mutating func opened(
        _ before: [SwitchSummary?], _ after: [SwitchSummary?], heldNanoseconds: UInt64, time: Double
    ) {
        if before.contains(where: { $0 != nil }) { made += 1 }
        isWaiting = false
        lastHoldNanoseconds = heldNanoseconds
        for index in after.indices where after[index] != before[index] { lastTimes[index] = time }
    }

    mutating func takenBack() {
        takenBackCount += 1
        isWaiting = true
    }

    mutating func looked(isRefused: Bool) {
        isFileRefused = isRefused
        if isRefused { fileRefusals += 1 }
    }
}
