import Migration
import WireFormat

/// Which keys a change of the switches moves to another stage.
struct KeyDelta: Equatable {
    /// Of the keys that some list of either state names.
    private(set) var listedKeys: UInt64 = 0
    /// Some of them, as they are written.
    private(set) var examples: [[String]] = []
    /// Of all other keys, the share that moves: hundredths of a percent.
    let shareTimes100: UInt32

    /// Listed keys that keep their stage.
    private var listedThatStay = 0

    private static let examplesAtMost = 10

    var movesNothing: Bool { listedKeys == 0 && shareTimes100 == 0 }
    var movesEverything: Bool { shareTimes100 == 10_000 && listedThatStay == 0 }

    /// - Parameter lists: the keys that either state lists.
    init(
        from: borrowing MigrationSwitches, to: borrowing MigrationSwitches, lists: [KeyList], form: GrayKeyForm
    ) {
        var moved: UInt32 = 0
        for bucket in 0..<UInt32(Cohort.bucketCount) where from.stage(bucket: bucket) != to.stage(bucket: bucket) {
            moved += 1
        }
        shareTimes100 = moved
        var seen: Set<[UInt8]> = []
        for list in lists {
            for key in list where seen.insert(Array(key)).inserted {
                let moves = key.withUnsafeBytes { from.stage(key: $0) != to.stage(key: $0) }
                guard moves else {
                    listedThatStay += 1
                    continue
                }
                listedKeys += 1
                if examples.count < Self.examplesAtMost { examples.append(form.written(key)) }
            }
        }
    }
}
