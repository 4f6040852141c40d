import TestSupport
import Testing
import WireFormat

@Suite struct ByteOrderTests {
    @Test func itIsTheOrderOfUnsignedBytes() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<20_000 {
            var one = random.bytes(atMost: 24)
            var two = random.chance(1, in: 3) ? random.bytes(atMost: 24) : one
            if random.chance(1, in: 3) { two += random.bytes(atMost: 3) }
            if let index = two.indices.randomElement(using: &random), random.chance(1, in: 3) { two[index] &+= 1 }
            if random.chance(1, in: 2) { swap(&one, &two) }
            let expected = one == two ? 0 : one.lexicographicallyPrecedes(two) ? -1 : 1
            let result = withExactMemory(one) { one in withExactMemory(two) { ByteOrder.compare(one, $0) } }
            #expect(result.signum() == expected)
        }
    }
}
