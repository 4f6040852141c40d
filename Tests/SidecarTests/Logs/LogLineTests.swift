import Foundation
import Glibc
import Logging
import Testing

@testable import Sidecar

@Suite struct LogLineTests {
    private func line(_ message: String, _ metadata: [(name: String, value: String)] = []) -> LogLine {
        // 29 February 2024, 23:59:59.007 UTC.
        LogLine(
            level: .warning, label: "switchover", source: "Sidecar", message: message, metadata: metadata,
            time: (seconds: 1_709_251_199, nanoseconds: 7_999_999))
    }

    /// RFC 3339 with date and zone in both forms.
    @Test func saysDateAndZone() throws {
        #expect(
            line("gone", [("upstream", "a")]).text(.text)
                == "2024-02-29T23:59:59.007Z warning switchover: upstream=a [Sidecar] gone\n")
        let object = try JSONSerialization.jsonObject(with: Data(line("gone", [("upstream", "a")]).text(.json).utf8))
        #expect(
            object as? [String: String] == [
                "time": "2024-02-29T23:59:59.007Z", "level": "warning", "logger": "switchover", "message": "gone",
                "upstream": "a",
            ])
    }

    /// Metadata cannot take the place of what every line has, and nothing begins a line of its own.
    @Test func whatPeersWriteStaysInItsPlace() throws {
        let hostile = line("a\nb\u{1}\"\\", [("level", "info"), ("path", "/x\r\n2024 info all is well")])
        for format in LogFormat.allCases {
            #expect(hostile.text(format).dropLast().allSatisfy { !$0.isNewline })
            #expect(hostile.text(format).hasSuffix("\n"))
        }
        let object = try JSONSerialization.jsonObject(with: Data(hostile.text(.json).utf8)) as? [String: String]
        #expect(object?["message"] == "a\nb\u{1}\"\\" && object?["level"] == "warning")
    }
}
