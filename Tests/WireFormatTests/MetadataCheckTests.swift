import Testing
import WireFormat

@Suite struct MetadataCheckTests {
    struct BinaryVector: Decodable {
        let value: String
        let item: Bool
        let list: Bool
    }

    @Test func binaryVectors() throws {
        let vectors = try Vectors.load("binary-metadata.json", as: [BinaryVector].self)
        #expect(vectors.count > 40)
        for vector in vectors {
            #expect(withExactMemory(vector.value.utf8, MetadataCheck.isBinaryItem) == vector.item, "'\(vector.value)'")
            #expect(withExactMemory(vector.value.utf8, MetadataCheck.isBinaryValue) == vector.list, "'\(vector.value)'")
        }
    }

    /// Every byte at every place of values of every length around the eight bytes that are looked at at once.
    @Test func asciiValues() {
        for count in 0...17 {
            #expect(withExactMemory([UInt8](repeating: 0x7e, count: count), MetadataCheck.isASCIIValue))
            for at in 0..<count {
                for byte in UInt8.min ... .max {
                    for rest: UInt8 in [0x20, 0x7e] {
                        var value = [UInt8](repeating: rest, count: count)
                        value[at] = byte
                        let isPrintable = (0x20...0x7e).contains(byte)
                        guard withExactMemory(value, MetadataCheck.isASCIIValue) != isPrintable else { continue }
                        Issue.record("byte \(byte) at \(at) of \(count)")
                    }
                }
            }
        }
    }

    @Test func valuesWithoutMemoryAreEmpty() {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(MetadataCheck.isASCIIValue(nothing))
        #expect(MetadataCheck.isBinaryValue(nothing))
        #expect(!MetadataCheck.isContentCoding(nothing))
    }

    @Test func contentCodings() {
        for name in ["gzip", "identity", "deflate", "x-snappy.v2", "!#$%&'*+-.^_`|~09azAZ"] {
            #expect(withExactMemory(name.utf8, MetadataCheck.isContentCoding), "\(name)")
        }
        for name in ["", "gzip,identity", "gzip ", " gzip", "g\0zip", "g\u{e4}zip", "g(zip)", "a/b", "a=b", "\u{7f}"] {
            #expect(!withExactMemory(name.utf8, MetadataCheck.isContentCoding), "\(name)")
        }
        let separators = Set("\"(),/:;<=>?@[\\]{}".utf8)
        for byte in UInt8.min ... .max {
            let isToken = (0x21...0x7e).contains(byte) && !separators.contains(byte)
            #expect(withExactMemory([byte], MetadataCheck.isContentCoding) == isToken, "\(byte)")
        }
    }
}
