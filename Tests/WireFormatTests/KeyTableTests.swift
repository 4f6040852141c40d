import TestSupport
import Testing
import WireFormat

@Suite struct KeyTableTests {
    @Test func keysHaveOneNumberEach() {
        var random = SeededRandom(seed: 2)
        var table = KeyTable()
        var numbers: [[UInt8]: Int] = [:]
        #expect(withExactMemory([1]) { table.find($0) } == nil)
        for _ in 0..<5000 {
            let key = random.bytes(atMost: 2)
            #expect(withExactMemory(key) { table.find($0) } == numbers[key])
            let number = withExactMemory(key) { table.insert($0) }
            #expect(number == numbers[key] ?? numbers.count)
            numbers[key] = number
            #expect(Array(table[number]) == key)
        }
        #expect(table.count == numbers.count)
        #expect(numbers.count > 1000)
    }
}
