import Testing

@testable import Sidecar

@Suite struct KeySampleTests {
    private static let second: UInt64 = 1_000_000_000

    private static func note(_ sample: KeySample, _ key: [UInt8], of migration: Int = 0, at seconds: UInt64) {
        key.withUnsafeBytes { sample.note($0, of: migration, at: seconds * second) }
    }

    @Test func aMigrationsOwnKeysOfTheLastMinuteAreTold() {
        let sample = KeySample()
        Self.note(sample, [1], at: 1)
        Self.note(sample, [2], at: 2)
        Self.note(sample, [3], of: 1, at: 3)
        #expect(sample.keys(of: 0, at: 4 * Self.second) == [[1], [2]])
        #expect(sample.keys(of: 1, at: 4 * Self.second) == [[3]])
        #expect(sample.keys(of: 0, at: 61 * Self.second) == [[2]])
        #expect(sample.keys(of: 0, at: 62 * Self.second) == [])
    }

    @Test func theOldestGiveWay() {
        let sample = KeySample()
        for number in 0..<1250 { Self.note(sample, [UInt8(number / 200)], at: 100) }
        let keys = sample.keys(of: 0, at: 100 * Self.second)
        #expect(keys.count == 1200)
        #expect(keys.filter { $0 == [0] }.count == 150)
    }
}
