/// One component of a key: where it is in the request message and how it is read.
@usableFromInline package struct KeyField: Sendable, Equatable {
    package let path: FieldPath
    package let type: ScalarType
    package let presence: Presence

    package init(path: FieldPath, type: ScalarType, presence: Presence = .optional) {
        self.path = path
        self.type = type
        self.presence = presence
    }
}

/// Why there is no plan for a list of key fields.
package enum KeyPlanError: Error, Equatable, CustomStringConvertible {
    case noComponents
    case tooManyComponents(Int)

    package var description: String {
        switch self {
        case .noComponents: "a key has no component; name at least one field"
        case .tooManyComponents(let count): "a key has \(count) components; at most \(KeyPlan.maxComponents) are read"
        }
    }
}

/// How a key is read from a request message; plain bits, made once from the configuration.
@usableFromInline package struct KeyPlan: Sendable {
    package static let maxComponents = 4
    /// The longest canonical key; a longer one is `KeyScan.tooLong`.
    @usableFromInline package static let maxKeyBytes = 1024
    /// How much scratch memory a scan needs at least.
    @usableFromInline package static let scratchBytes = maxKeyBytes

    @usableFromInline let fields: InlineArray<4, KeyField>
    @usableFromInline let fieldCount: UInt8
    /// The tag of the only component if that is text at the top of the message, else 0: then the key is a slice of
    /// the message.
    @usableFromInline let topLevelTextTag: UInt32

    package init(_ fields: [KeyField]) throws(KeyPlanError) {
        guard let first = fields.first else { throw .noComponents }
        guard fields.count <= Self.maxComponents else { throw .tooManyComponents(fields.count) }
        var stored = InlineArray<4, KeyField>(repeating: first)
        for (index, field) in fields.enumerated() { stored[index] = field }
        self.fields = stored
        self.fieldCount = UInt8(fields.count)
        let isTopLevel = first.path.count == 1 && !first.path.hasElements
        let isTopLevelText = fields.count == 1 && isTopLevel && first.type.isText
        self.topLevelTextTag = isTopLevelText ? first.path[0] << 3 | WireType.length : 0
    }

    /// The same key, missing wherever a component is not on the wire.
    package var required: KeyPlan {
        let fields = (0..<count).map { KeyField(path: self[$0].path, type: self[$0].type, presence: .required) }
        guard let plan = try? KeyPlan(fields) else { preconditionFailure("a key with other presence is a key") }
        return plan
    }

    /// How many components the key has, 1...4.
    package var count: Int { Int(fieldCount) }

    package subscript(component: Int) -> KeyField { fields[component] }
}

extension KeyPlan: Equatable {
    @usableFromInline package static func == (left: KeyPlan, right: KeyPlan) -> Bool {
        guard left.fieldCount == right.fieldCount else { return false }
        for component in 0..<left.count where left[component] != right[component] { return false }
        return true
    }
}

/// What a scan for a key found.
@usableFromInline package enum KeyScan {
    /// The canonical key, in the message or in the scratch memory, valid as long as both are left alone; may be empty.
    case key(UnsafeRawBufferPointer)
    /// A component with `presence: required` is not on the wire.
    case missing(component: Int)
    /// The bytes are no protobuf message. `offset` is where the faulty field begins, counted from the message's start.
    case malformed(component: Int, offset: Int, reason: ScanFault)
    /// With this component the key grows beyond `KeyPlan.maxKeyBytes`.
    case tooLong(component: Int)
}
