import TestSupport
import Testing

@testable import HTTP2

/// The queue against an array and a position in it.
@Suite struct BodyQueueTests {
    /// What the queue is meant to be, without a thought of memory.
    private struct Model {
        var all: [UInt8] = []
        var taken = 0
        var isWhole = true
        var limit = 1 << 16

        var rest: [UInt8] { Array(all[taken...]) }
        var held: Int { isWhole ? all.count : all.count - taken }

        mutating func append(_ bytes: [UInt8]) {
            all += bytes
            if all.count > limit { isWhole = false }
        }

        mutating func take(_ limit: Int) -> [UInt8] {
            let bytes = Array(rest.prefix(limit))
            taken += bytes.count
            return bytes
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64]) func behavesLikeAnArray(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = BodyQueue()
        defer { queue.free() }
        for _ in 0..<15 {
            var model = Model()
            if random.chance(1, in: 2) {
                model.limit = Int.random(in: 0...3000, using: &random)
                queue.retentionLimit = model.limit
            }
            for _ in 0..<Int.random(in: 0...80, using: &random) { step(&queue, &model, &random) }
            queue.reset()
            #expect(queue.isEmpty && queue.isWhole && queue.held == 0)
        }
    }

    private func step(_ queue: inout BodyQueue, _ model: inout Model, _ random: inout SeededRandom) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            let bytes = [0] + random.bytes(atMost: random.chance(1, in: 30) ? 20_000 : 300)
            append(bytes, &queue)
            model.append(bytes)
        case 5..<8:
            let limit = Int.random(in: 0...900, using: &random)
            let isSame = take(&queue, limit) == model.take(limit)
            #expect(isSame)
        case 8:
            guard model.isWhole else { return }
            queue.rewind()
            model.taken = 0
        default:
            guard random.chance(1, in: 4) else { return }
            queue.stopRetaining()
            model.isWhole = false
        }
        // The array shortened to what the queue may still know, so that later rewinds of the model agree.
        if !model.isWhole, model.taken > 0 { model = shortened(model) }
        // Compared outside of the macro, which would keep both for its message.
        let isSame = Array(queue.bytes) == model.rest
        #expect(isSame)
        #expect(queue.count == model.rest.count && queue.isEmpty == model.rest.isEmpty)
        #expect(queue.isWhole == model.isWhole && queue.held == model.held)
    }

    private func shortened(_ model: Model) -> Model {
        var shorter = model
        shorter.all = model.rest
        shorter.taken = 0
        return shorter
    }

    private func take(_ queue: inout BodyQueue, _ limit: Int) -> [UInt8] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(limit, 1), alignment: 1)
        defer { memory.deallocate() }
        let count = queue.take(into: memory.baseAddress!, limit: limit)
        return Array(memory[..<count])
    }

    @Test func rewindMakesTheWholeReadableAgain() {
        var queue = BodyQueue()
        defer { queue.free() }
        append(pattern(1000), &queue)
        #expect(take(&queue, 700) == Array(pattern(1000)[..<700]))
        append([1, 2, 3], &queue)
        queue.rewind()
        #expect(Array(queue.bytes) == pattern(1000) + [1, 2, 3])
    }

    @Test func isWholeUpToTheLimitAndNotPastIt() {
        var queue = BodyQueue()
        defer { queue.free() }
        queue.retentionLimit = 100
        append(pattern(60), &queue)
        _ = take(&queue, 60)
        append(pattern(40), &queue)
        #expect(queue.isWhole && queue.held == 100)
        append([9], &queue)
        #expect(!queue.isWhole && queue.held == 41)
    }

    @Test func recycledQueueKeepsLittle() {
        var queue = BodyQueue()
        defer { queue.free() }
        append(pattern(100_000), &queue)
        queue.reset()
        #expect(queue.bytes.baseAddress == nil)
        append(pattern(100), &queue)
        queue.reset()
        #expect(queue.bytes.baseAddress != nil && queue.isEmpty)
    }

    private func append(_ bytes: [UInt8], _ queue: inout BodyQueue) {
        bytes.withUnsafeBytes { queue.append($0.baseAddress!, count: $0.count) }
    }
}
