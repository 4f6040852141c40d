/// A canonical record key as a person can read it: text where it is text, else hexadecimal.
struct RecordKeyText: CustomStringConvertible {
    let bytes: [UInt8]
    init(_ key: [UInt8]) { bytes = key }

    var description: String {
        if bytes.allSatisfy({ (0x20...0x7e).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
        return "0x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// A record as it is named to a person: by its key, behind the name of its entity where the migration has several.
struct RecordText: CustomStringConvertible {
    let description: String

    /// - Parameter entities: the names of the migration's entities.
    init(_ key: RecordTable.Key, of entities: [String]) {
        let record = "\(RecordKeyText(key.record))"
        description = entities.count > 1 ? "\(entities[key.entity]) \(record)" : record
    }
}
