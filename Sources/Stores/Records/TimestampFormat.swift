/// How timestamps are written in a text column: one fixed form, so that the texts stand in the order of their instants.
///
/// `2017-01-01T11:53:26Z`, with `T` or a space in the middle, 0 to 6 digits of the second's fraction, and with or
/// without `Z`; or `2017-01-01` for the day's first instant. Always UTC, years 0000 to 9999.
package struct TimestampFormat: Sendable, Equatable {
    let separator: UInt8
    let fractionDigits: Int
    let hasZone: Bool
    /// Whether there is a date and nothing more.
    let isDate: Bool

    /// Reads a format from an example of it.
    package init?(example: some StringProtocol) {
        let bytes = Array(example.utf8)
        isDate = bytes.count == 10
        if isDate {
            (separator, fractionDigits, hasZone) = (0, 0, false)
            guard bytes.withUnsafeBytes({ microseconds($0) }) != nil else { return nil }
            return
        }
        guard bytes.count >= 19, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " ") else { return nil }
        separator = bytes[10]
        hasZone = bytes.last == UInt8(ascii: "Z")
        let rest = bytes.count - 19 - (hasZone ? 1 : 0)
        guard rest == 0 || (2...7).contains(rest) else { return nil }
        fractionDigits = max(0, rest - 1)
        guard bytes.withUnsafeBytes({ microseconds($0) }) != nil else { return nil }
    }

    package var textCount: Int { isDate ? 10 : 19 + (fractionDigits > 0 ? fractionDigits + 1 : 0) + (hasZone ? 1 : 0) }

    /// Microseconds in one unit of the last digit.
    var unit: Int64 { isDate ? 86_400_000_000 : Self.powers[6 - fractionDigits] }

    /// The first and the last instant that have a text.
    static let range: ClosedRange<Int64> = -62_167_219_200_000_000...253_402_300_799_999_999

    /// The text of an instant within `range`, rounded down to `unit`.
    func text(_ microseconds: Int64) -> [UInt8] {
        let (seconds, fraction) = Self.floored(microseconds, by: 1_000_000)
        let (days, secondOfDay) = Self.floored(seconds, by: 86_400)
        let date = CivilDate(days: days)
        var text: [UInt8] = []
        text.reserveCapacity(textCount)
        Self.append(date.year, 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(date.month, 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(date.day, 2, to: &text)
        if isDate { return text }
        text.append(separator)
        Self.append(secondOfDay / 3_600, 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(secondOfDay / 60 % 60, 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(secondOfDay % 60, 2, to: &text)
        if fractionDigits > 0 {
            text.append(UInt8(ascii: "."))
            Self.append(fraction / unit, fractionDigits, to: &text)
        }
        if hasZone { text.append(UInt8(ascii: "Z")) }
        return text
    }

    /// The instant of a text; nil unless the text has exactly this form.
    func microseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count == textCount, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            let year = Self.number(text, 0, 4), let month = Self.number(text, 5, 2), let day = Self.number(text, 8, 2),
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        return isDate ? date.days * unit : microseconds(text, of: date)
    }

    private func microseconds(_ text: UnsafeRawBufferPointer, of date: CivilDate) -> Int64? {
        guard text[10] == separator, text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            !hasZone || text[text.count - 1] == UInt8(ascii: "Z"),
            let hour = Self.number(text, 11, 2), hour < 24, let minute = Self.number(text, 14, 2), minute < 60,
            let second = Self.number(text, 17, 2), second < 60
        else { return nil }
        let seconds = date.days * 86_400 + hour * 3_600 + minute * 60 + second
        guard fractionDigits > 0 else { return seconds * 1_000_000 }
        guard text[19] == UInt8(ascii: "."), let fraction = Self.number(text, 20, fractionDigits) else { return nil }
        return seconds * 1_000_000 + fraction * unit
    }

    /// Quotient rounded down, and the rest, which is never negative.
    static func floored(_ value: Int64, by divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }

    private static let powers: [Int64] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]

    private static func append(_ value: Int64, _ digits: Int, to text: inout [UInt8]) {
        var divisor = powers[digits - 1]
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ start: Int, _ digits: Int) -> Int64? {
        var value: Int64 = 0
        for byte in text[start..<start + digits] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }
}

/// A date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    /// - Parameter days: since 1970-01-01.
    init(days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Nil if the calendar has no such day.
    init?(year: Int64, month: Int64, day: Int64) {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
        let same = CivilDate(days: days)
        guard same.month == month, same.day == day else { return nil }
    }

    var days: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
