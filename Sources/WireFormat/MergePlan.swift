/// A message put together from ranges of others: rows are spliced, never encoded anew, so what nobody knows survives.
package struct MergePlan: Sendable, Equatable {
    package struct Piece: Sendable, Equatable {
        package let input: Int
        package var range: Range<Int>
    }

    package private(set) var pieces: [Piece] = []
    package private(set) var byteCount = 0

    package init() {}

    /// Adds a range of an input; neighbours in one input become one piece.
    package mutating func append(_ range: Range<Int>, of input: Int) {
        byteCount += range.count
        if let last = pieces.last, last.input == input, last.range.upperBound == range.lowerBound {
            pieces[pieces.count - 1].range = last.range.lowerBound..<range.upperBound
        } else if !range.isEmpty {
            pieces.append(Piece(input: input, range: range))
        }
    }

    /// The message, then `tail`.
    package func message(of inputs: [[UInt8]], tail: [UInt8] = []) -> [UInt8] {
        let total = byteCount + tail.count
        // All threads share one empty array, and making one of no element by hand writes into it.
        guard total > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: total) { memory, count in
            let target = UnsafeMutableRawBufferPointer(memory)
            for piece in pieces {
                inputs[piece.input].withUnsafeBytes { input in
                    UnsafeMutableRawBufferPointer(rebasing: target[count...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[piece.range]))
                }
                count += piece.range.count
            }
            UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyBytes(from: tail)
            count = total
        }
    }
}
