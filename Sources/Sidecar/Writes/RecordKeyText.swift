/// A canonical record key as a person can read it: text where it is text, else hexadecimal.
struct RecordKeyText: CustomStringConvertible {
    let bytes: [UInt8]
    init(_ key: [UInt8]) { bytes = key }

    var description: String {
        if bytes.allSatisfy({ (0x20...0x7e).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
        return "0x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
