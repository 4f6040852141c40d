/// A decimal number in its one canonical form: `magnitude / 10^scale` with its sign, no zero at the end of the
/// fraction, zero without a sign.
struct DecimalNumber: Equatable, Sendable {
    static let maxDigits = 38

    let isNegative: Bool
    /// Below 10^38.
    let magnitude: UInt128
    /// Digits after the point, 0...38.
    let scale: Int

    init(isNegative: Bool, magnitude: UInt128, scale: Int) {
        var magnitude = magnitude
        var scale = scale
        while scale > 0, magnitude % 10 == 0 {
            magnitude /= 10
            scale -= 1
        }
        self.isNegative = isNegative && magnitude > 0
        self.magnitude = magnitude
        self.scale = scale
    }

    /// Reads `-12.50`: a sign or none, digits, and where there is a point digits on both sides of it.
    init?(_ text: UnsafeRawBufferPointer) {
        let sign = text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+")
        var magnitude: UInt128 = 0
        var digits = 0
        var point: Int?
        for at in (sign ? 1 : 0)..<max(text.count, sign ? 1 : 0) {
            let byte = text[at]
            if byte == UInt8(ascii: "."), point == nil, digits > 0 {
                point = digits
                continue
            }
            guard (0x30...0x39).contains(byte), digits < 200, magnitude < Self.powers[Self.maxDigits - 1] else {
                return nil
            }
            magnitude = magnitude * 10 + UInt128(byte - 0x30)
            digits += 1
        }
        guard digits > 0, point != digits else { return nil }
        let scale = digits - (point ?? digits)
        guard scale <= Self.maxDigits else { return nil }
        self.init(isNegative: text.first == UInt8(ascii: "-"), magnitude: magnitude, scale: scale)
    }

    /// The number as an integer of units of 10^-scale, rounded down, and whether that is exact. Nil if it has no place
    /// in 64 bits.
    func units(scale target: Int) -> (value: Int64, isExact: Bool)? {
        if target >= scale {
            let (product, overflows) = magnitude.multipliedReportingOverflow(by: Self.powers[target - scale])
            guard !overflows else { return nil }
            return Self.signed(product, isNegative: isNegative).map { ($0, true) }
        }
        let divisor = Self.powers[scale - target]
        // A number in canonical form with more digits than the target is never a multiple of the divisor.
        let floor = magnitude / divisor + (isNegative ? 1 : 0)
        return Self.signed(floor, isNegative: isNegative).map { ($0, false) }
    }

    /// The canonical text.
    var text: [UInt8] {
        var digits = Array("\(magnitude)".utf8)
        if scale > 0 {
            while digits.count <= scale { digits.insert(UInt8(ascii: "0"), at: 0) }
            digits.insert(UInt8(ascii: "."), at: digits.count - scale)
        }
        return isNegative ? [UInt8(ascii: "-")] + digits : digits
    }

    /// The float that is nearest to `units / 10^scale`; nil where several such numbers could share one.
    static func real(_ units: Int64, scale: Int) -> Double? {
        guard units.magnitude < 1_000_000_000_000_000 else { return nil }
        // Both are exact, so that the quotient is rounded once.
        return Double(units) / Double(powers[scale])
    }

    /// The number of `scale` digits after the point that a float is nearest to; nil if it is none of those that `real`
    /// makes.
    init?(real value: Double, scale: Int) {
        guard let units = Int64(exactly: (value * Double(Self.powers[scale])).rounded()),
            Self.real(units, scale: scale) == value
        else { return nil }
        self.init(isNegative: units < 0, magnitude: UInt128(units.magnitude), scale: scale)
    }

    private static func signed(_ magnitude: UInt128, isNegative: Bool) -> Int64? {
        guard magnitude <= UInt128(Int64.max) + (isNegative ? 1 : 0) else { return nil }
        return isNegative ? Int64(truncatingIfNeeded: -Int128(magnitude)) : Int64(magnitude)
    }

    /// 10^0 to 10^38.
    private static let powers: [UInt128] = (0...maxDigits).reduce(into: []) { powers, _ in
        powers.append(powers.last.map { $0 * 10 } ?? 1)
    }
}
