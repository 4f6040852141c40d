import Foundation
import Testing

/// Golden vectors, read from `Protocol/vectors` next to the sources.
enum Vectors {
    static func load<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardizedFileURL
        let file = root.appendingPathComponent("Protocol/vectors/\(name)")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }

    /// Bytes from hexadecimal digits.
    static func bytes(hex: String) throws -> [UInt8] {
        let digits = try hex.utf8.map { byte in try #require(Character(Unicode.Scalar(byte)).hexDigitValue) }
        try #require(digits.count.isMultiple(of: 2))
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
