/// Which numbers a protobuf field may have.
enum FieldNumber {
    static func isValid(_ number: UInt32) -> Bool {
        (1...536_870_911).contains(number) && !(19_000...19_999).contains(number)
    }
}
