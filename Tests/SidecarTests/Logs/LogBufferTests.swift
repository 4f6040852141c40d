import Logging
import Testing

@testable import Sidecar

@Suite struct LogBufferTests {
    private func line(_ message: String) -> LogLine {
        LogLine(level: .info, label: "test", source: "Tests", message: message)
    }

    @Test func keepsOrderAndCountsWhatItLoses() {
        var buffer = LogBuffer()
        for index in 0..<LogBuffer.linesAtMost + 5 {
            #expect(buffer.append(line("\(index)")) == (index < LogBuffer.linesAtMost))
        }
        let (lines, lost) = buffer.take()
        #expect(lines.map(\.message) == (0..<LogBuffer.linesAtMost).map { "\($0)" } && lost == 5)
        #expect(buffer.isEmpty)
        #expect(buffer.append(line("again")) && buffer.take().lost == 0)
    }

    @Test func longLinesFillItToo() {
        var buffer = LogBuffer()
        let long = line(String(repeating: "x", count: 1 << 20))
        let taken = (0..<20).count { _ in buffer.append(long) }
        #expect(taken == 7)
        #expect(!buffer.isEmpty && buffer.take().lost == 13)
    }
}
