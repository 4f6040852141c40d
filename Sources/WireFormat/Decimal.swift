/// Unsigned decimal ASCII without leading zeros.
enum Decimal {
    /// How many digits a value has; 0 has one.
    static func digits(in value: UInt64) -> Int {
        var digits = 1
        var rest = value / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        return digits
    }

    /// Writes the digits so that the last one stands right before `end`.
    static func write(_ value: UInt64, endingAt end: Int, in memory: UnsafeMutableRawBufferPointer) {
        var at = end
        var rest = value
        repeat {
            at -= 1
            memory[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }
}
