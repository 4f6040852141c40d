/// The value of `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2, "Timeout").
package enum GRPCTimeout {
    package enum Parsed: Sendable, Equatable {
        /// Saturates at `UInt64.max`, some 584 years. Zero is a deadline that has passed; gRPC's own servers take it
        /// too.
        case nanoseconds(UInt64)
        /// Anything else than `1*8DIGIT ("H" / "M" / "S" / "m" / "u" / "n")`; never to be forwarded.
        case malformed
    }

    /// The longest value that `write` makes.
    package static let maxBytes = 9
    private static let mostDigits = 8

    package static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard let unit = bytes.last, let scale = nanoseconds(in: unit) else { return .malformed }
        let digits = bytes.count - 1
        guard (1...mostDigits).contains(digits) else { return .malformed }
        var value: UInt64 = 0
        for index in 0..<digits {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return .malformed }
            value = value * 10 + UInt64(digit)
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: scale)
        return .nanoseconds(overflow ? .max : product)
    }

    /// Writes a duration in the finest unit in which it fits, rounded down so that it is never longer than what is
    /// left.
    ///
    /// - Parameter memory: at least `maxBytes`.
    /// - Returns: how many bytes were written.
    package static func write(nanoseconds: UInt64, into memory: UnsafeMutableRawBufferPointer) -> Int {
        precondition(memory.count >= maxBytes, "a grpc-timeout needs GRPCTimeout.maxBytes of memory")
        var value = nanoseconds
        var unit = UInt8(ascii: "n")
        if value > 99_999_999 { (value, unit) = (nanoseconds / 1_000, UInt8(ascii: "u")) }
        if value > 99_999_999 { (value, unit) = (nanoseconds / 1_000_000, UInt8(ascii: "m")) }
        if value > 99_999_999 { (value, unit) = (nanoseconds / 1_000_000_000, UInt8(ascii: "S")) }
        if value > 99_999_999 { (value, unit) = (nanoseconds / 60_000_000_000, UInt8(ascii: "M")) }
        if value > 99_999_999 { (value, unit) = (nanoseconds / 3_600_000_000_000, UInt8(ascii: "H")) }
        let digits = Decimal.digits(in: value)
        Decimal.write(value, endingAt: digits, in: memory)
        memory[digits] = unit
        return digits + 1
    }

    private static func nanoseconds(in unit: UInt8) -> UInt64? {
        switch unit {
        case UInt8(ascii: "H"): 3_600_000_000_000
        case UInt8(ascii: "M"): 60_000_000_000
        case UInt8(ascii: "S"): 1_000_000_000
        case UInt8(ascii: "m"): 1_000_000
        case UInt8(ascii: "u"): 1_000
        case UInt8(ascii: "n"): 1
        default: nil
        }
    }
}
