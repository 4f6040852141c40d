import Testing

@testable import WireFormat

@Suite struct CohortTests {
    struct Vector: Decodable {
        let migration: String
        let key: String
        let bucket: UInt32
    }

    @Test func vectors() throws {
        let vectors = try Vectors.load("cohort.json", as: [Vector].self)
        #expect(vectors.count > 100)
        for vector in vectors {
            let bucket = withExactMemory(try Vectors.bytes(hex: vector.key)) {
                Cohort(migration: vector.migration).bucket($0)
            }
            #expect(bucket == vector.bucket, "\(vector.migration) \(vector.key)")
        }
    }

    /// Published values: FNV-1a-64 of one zero byte, and the fixed point of fmix64.
    @Test func publishedValues() {
        #expect(Cohort(migration: "").state == 0xaf63_bd4c_8601_b7df)
        #expect(Cohort.fmix64(0) == 0)
        #expect(Cohort.fmix64(1) == 0xb456_bcfc_34c2_cb2c)
    }

    @Test func anEmptyBufferWithoutMemoryIsTheEmptyKey() {
        let cohort = Cohort(migration: "orders")
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(cohort.bucket(nothing) == withExactMemory([], cohort.bucket))
    }

    /// Consecutive store numbers fill the buckets evenly: chi-square over 100 groups, 99 degrees of freedom.
    @Test(arguments: ["orders", "customers", "a"])
    func consecutiveKeysSpreadEvenly(migration: String) {
        let cohort = Cohort(migration: migration)
        var counts = [Int](repeating: 0, count: 100)
        for store in 0..<100_000 {
            let bucket = withExactMemory("\(store)".utf8, cohort.bucket)
            counts[Int(bucket) / 100] += 1
        }
        let chiSquare = counts.reduce(0.0) { $0 + ($1 - 1_000).squared / 1_000 }
        #expect((50.0...160.0).contains(chiSquare))
    }
}

extension Int {
    fileprivate var squared: Double { Double(self) * Double(self) }
}
