import WireFormat

/// Reads keys of a fixed set of plans from arbitrary bytes, and checks what must hold for any bytes at all.
///
/// The fuzzer's own memory ends with the input, so that AddressSanitizer sees any read beyond the message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzScanner(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = UnsafeRawBufferPointer(start: start, count: count)
    withUnsafeTemporaryAllocation(byteCount: 2 * KeyPlan.scratchBytes, alignment: 1) { scratch in
        let single = UnsafeMutableRawBufferPointer(rebasing: scratch[..<KeyPlan.scratchBytes])
        let several = UnsafeMutableRawBufferPointer(rebasing: scratch[KeyPlan.scratchBytes...])
        for components in Plans.all {
            var concatenation: [UInt8]? = []
            for component in components {
                let outcome = component.scan(message, scratch: single)
                check(outcome, message, single, component)
                concatenation = append(outcome, to: concatenation)
            }
            guard components.count > 1 else { continue }
            let plan = Plans.joined(components)
            let outcome = plan.scan(message, scratch: several)
            check(outcome, message, several, plan)
            checkJoin(outcome, concatenation)
        }
    }
    return 0
}

/// The plans that are tried on every input, each as the plans of its single components.
private enum Plans {
    static let all: [[KeyPlan]] = [
        [one("1", .string)],
        [one("1", .bytes, .required), one("2.1", .string)],
        [one("1.1.1.1.1.1.1.1", .string)],
        [one("2", .int32), one("2", .sint64), one("2", .bool), one("2", .uint64, .required)],
        [one("3", .fixed32), one("3", .sfixed64, .required), one("1.3", .fixed64)],
        [one("536870911", .bytes), one("16.2048", .sint32)],
    ]

    static func one(_ path: String, _ type: ScalarType, _ presence: Presence = .optional) -> KeyPlan {
        do {
            return try KeyPlan([KeyField(path: try FieldPath(path), type: type, presence: presence)])
        } catch {
            fatalError("\(path) is no path: \(error)")
        }
    }

    static func joined(_ components: [KeyPlan]) -> KeyPlan {
        do {
            return try KeyPlan(components.map { $0[0] })
        } catch {
            fatalError("no plan: \(error)")
        }
    }
}

private func check(
    _ outcome: KeyScan, _ message: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawBufferPointer, _ plan: KeyPlan
) {
    switch outcome {
    case .key(let key):
        precondition(key.count <= KeyPlan.maxKeyBytes, "a key is longer than the longest")
        precondition(
            key.isEmpty || key.lies(in: message) || key.lies(in: UnsafeRawBufferPointer(scratch)), "a stray key")
    case .missing(let component):
        precondition(plan[component].presence == .required, "an optional component is missing")
    case .malformed(let component, let offset, _):
        precondition((0..<plan.count).contains(component), "no such component")
        precondition((0..<message.count).contains(offset), "a fault outside the message")
    case .tooLong(let component):
        precondition((0..<plan.count).contains(component), "no such component")
        precondition(message.count > KeyPlan.maxKeyBytes / 4, "a long key from a short message")
    }
}

/// Adds a component with its length before it; nil as soon as one has no key.
private func append(_ outcome: KeyScan, to bytes: [UInt8]?) -> [UInt8]? {
    guard let bytes, case .key(let key) = outcome else { return nil }
    return bytes + withUnsafeBytes(of: UInt32(key.count).bigEndian) { Array($0) } + Array(key)
}

/// A key of several components is the keys of the components, each with its length before it.
private func checkJoin(_ outcome: KeyScan, _ expected: [UInt8]?) {
    switch outcome {
    case .key(let key): precondition(expected.map { $0.elementsEqual(key) } ?? false, "components do not join")
    case .tooLong: precondition(expected.map { $0.count > KeyPlan.maxKeyBytes } ?? true, "a short key is too long")
    case .missing, .malformed: precondition(expected == nil, "a component is lost")
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func lies(in other: UnsafeRawBufferPointer) -> Bool {
        guard let base = baseAddress, let otherBase = other.baseAddress else { return false }
        return base >= otherBase && base + count <= otherBase + other.count
    }
}
