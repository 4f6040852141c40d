import WireFormat

/// What a ledger service has of one entry: `ledger.v1.Entry` of the end-to-end tests, by hand.
struct Entry: Equatable, Sendable {
    var store = ""
    var id: Int64 = 0
    var cents: Int64 = 0

    init(store: String, id: Int64, cents: Int64) {
        self.store = store
        self.id = id
        self.cents = cents
    }

    init(_ bytes: ArraySlice<UInt8>) {
        for field in Message(bytes).fields {
            switch field.number {
            case 1: store = String(decoding: field.bytes, as: UTF8.self)
            case 2: id = Int64(bitPattern: field.value)
            case 4: cents = Message.signed(field.value)
            default: break
            }
        }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        FieldWriter.append(1, Array(store.utf8), to: &bytes)
        FieldWriter.append(2, varint: UInt64(bitPattern: id), to: &bytes)
        FieldWriter.append(4, varint: Message.zigzag(cents), to: &bytes)
        return bytes
    }
}

/// A message's fields, one after the other.
struct Message {
    struct Field {
        let number: UInt32
        var value: UInt64 = 0
        var bytes: ArraySlice<UInt8> = []
    }

    let fields: [Field]

    init(_ content: ArraySlice<UInt8>) {
        let bytes = Array(content)
        var fields: [Field] = []
        bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return }
            var cursor = FieldCursor(base: base, at: 0, end: raw.count)
            while let field = try? cursor.next() {
                var one = Field(number: field.number)
                if field.wireType == WireType.length {
                    one.bytes = ArraySlice(Array(raw[field.start..<field.end]))
                } else if field.wireType == WireType.varint {
                    var shift: UInt64 = 0
                    for byte in raw[field.start..<field.end] {
                        one.value |= UInt64(byte & 0x7F) << shift
                        shift += 7
                    }
                }
                fields.append(one)
            }
        }
        self.fields = fields
    }

    func bytes(_ number: UInt32) -> ArraySlice<UInt8> { fields.last { $0.number == number }?.bytes ?? [] }
    func value(_ number: UInt32) -> UInt64 { fields.last { $0.number == number }?.value ?? 0 }

    static func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
    static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    static func of(_ number: UInt32, _ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        FieldWriter.append(number, content, to: &bytes)
        return bytes
    }
}

/// A side: entries by their number, and the methods that a migration's plan names.
final class Ledger {
    private(set) var entries: [Int64: Entry] = [:]
    /// A rule of this service alone: some entries must not be removed.
    private let keepsSome: Bool

    init(keepsSome: Bool = false) { self.keepsSome = keepsSome }

    private func isKept(_ entry: Entry) -> Bool { keepsSome && entry.cents % 4 == 3 }

    /// The effect and the answer.
    func answer(_ path: String, _ request: [UInt8]) -> SideServer.Answer {
        let message = Message(request[...])
        switch path.split(separator: "/").last {
        case "Find": return found(message)
        case "Change":
            let name = Message(message.bytes(1))
            if let entry = entry(name) { entries[entry.id]?.cents += Message.signed(message.value(2)) }
            return found(name)
        case "Add":
            let entry = Entry(message.bytes(1))
            if entries[entry.id] != nil { return SideServer.Answer(status: .alreadyExists) }
            entries[entry.id] = entry
            return found(entry.id)
        case "Overwrite":
            let entry = Entry(message.bytes(1))
            if entries[entry.id] == nil { return SideServer.Answer(status: .notFound) }
            entries[entry.id] = entry
            return found(entry.id)
        case "Place", "Save":
            let entry = Entry(message.bytes(1))
            entries[entry.id] = entry
            return found(entry.id)
        case "Remove":
            guard let entry = entry(message) else { return SideServer.Answer(status: .notFound) }
            if isKept(entry) { return SideServer.Answer(status: .failedPrecondition) }
            entries[entry.id] = nil
            return SideServer.Answer()
        // Whether it may be removed.
        case "Judge":
            guard let entry = entry(message) else { return SideServer.Answer(status: .notFound) }
            return isKept(entry) ? SideServer.Answer(status: .failedPrecondition) : SideServer.Answer()
        case "List":
            let store = String(decoding: message.bytes(1), as: UTF8.self)
            return rows(entries.values.filter { $0.store == store })
        case "ListAll": return rows(Array(entries.values))
        case "GetMany":
            return rows(message.fields.compactMap { $0.number == 1 ? entries[Int64(bitPattern: $0.value)] : nil })
        default: return SideServer.Answer(status: .unimplemented)
        }
    }

    private func rows(_ rows: [Entry]) -> SideServer.Answer {
        SideServer.Answer(message: rows.sorted { $0.id < $1.id }.flatMap { Message.of(1, $0.bytes) })
    }

    /// The entry of a name, if its store is the one that is named.
    private func entry(_ name: Message) -> Entry? {
        guard let entry = entries[Int64(bitPattern: name.value(2))],
            entry.store == String(decoding: name.bytes(1), as: UTF8.self)
        else { return nil }
        return entry
    }

    private func found(_ name: Message) -> SideServer.Answer {
        entry(name) == nil ? SideServer.Answer(status: .notFound) : found(Int64(bitPattern: name.value(2)))
    }

    private func found(_ id: Int64) -> SideServer.Answer {
        guard let entry = entries[id] else { return SideServer.Answer(status: .notFound) }
        return SideServer.Answer(message: Message.of(2, entry.bytes))
    }
}
