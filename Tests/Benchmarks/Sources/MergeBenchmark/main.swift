import SwiftProtobuf
import WireFormat

/// Merging two answers of 1,000 records each: by splicing, as the sidecar does it, and by decoding, merging and
/// encoding with swift-protobuf. Both run in turns, and both must give the same records.
let promised = 5.0
var isKept = true

for scenario in Scenario.all {
    let spliced = try scenario.splice()
    let decoded = try scenario.decodeMergeEncode()
    guard try QueryResponse(serializedBytes: spliced).records == QueryResponse(serializedBytes: decoded).records else {
        preconditionFailure("both ways must give the same records")
    }
    var ours: [Duration] = []
    var theirs: [Duration] = []
    let clock = ContinuousClock()
    for _ in 0..<100 {
        ours.append(try clock.measure { _ = try scenario.splice() })
        theirs.append(try clock.measure { _ = try scenario.decodeMergeEncode() })
    }
    let (one, other) = (median(ours), median(theirs))
    let ratio = other / one
    isKept = isKept && ratio >= promised
    print("\(scenario.name): spliced \(one) us, swift-protobuf \(other) us, ratio \((ratio * 10).rounded() / 10)")
}
if !isKept { preconditionFailure("splicing is not \(promised) times as fast") }

/// In whole microseconds.
func median(_ times: [Duration]) -> Double {
    let sorted = times.map { $0 / .microseconds(1) }.sorted()
    return sorted[sorted.count / 2].rounded()
}
