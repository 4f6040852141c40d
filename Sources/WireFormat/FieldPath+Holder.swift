extension FieldPath {
    /// The path of the message that holds the field; nil at the message's top.
    package var holder: FieldPath? {
        let text = description
        return text.lastIndex(of: ".").flatMap { try? FieldPath(text[..<$0]) }
    }

    /// The field's number if it stands at the message's top and the path names no element of it.
    package var topLevelNumber: UInt32? { UInt32(description) }
}
