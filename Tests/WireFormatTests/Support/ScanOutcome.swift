import WireFormat

/// A `KeyScan` that can be compared and kept.
enum ScanOutcome: Equatable {
    case key([UInt8])
    case missing(component: Int)
    case malformed(component: Int, offset: Int, reason: ScanFault)
    case tooLong(component: Int)

    /// Scans a copy of the message that ends where its memory ends, so that AddressSanitizer sees a read beyond it.
    static func scan(_ message: [UInt8], _ plan: KeyPlan) -> ScanOutcome {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: message)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 1)
        defer { scratch.deallocate() }
        return switch plan.scan(UnsafeRawBufferPointer(copy), scratch: scratch) {
        case .key(let key): .key(Array(key))
        case .missing(let component): .missing(component: component)
        case .malformed(let component, let offset, let reason):
            .malformed(component: component, offset: offset, reason: reason)
        case .tooLong(let component): .tooLong(component: component)
        }
    }
}

extension KeyPlan {
    /// A plan from components such as `1.3:sint64` or `1:string:required`.
    init(_ components: String...) throws {
        try self.init(
            components.map { text in
                let parts = text.split(separator: ":")
                guard parts.count > 1, let type = ScalarType(name: parts[1]) else { throw NotAComponent(text: text) }
                let presence: Presence = parts.count > 2 && parts[2] == "required" ? .required : .optional
                return KeyField(path: try FieldPath(parts[0]), type: type, presence: presence)
            }
        )
    }
}

private struct NotAComponent: Error {
    let text: String
}
