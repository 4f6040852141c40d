import Testing
import WireFormat

@testable import Sidecar

@Suite struct GRPCMessageReaderTests {
    private static func read(_ reader: inout GRPCMessageReader, _ bytes: some Sequence<UInt8>) -> [GRPCMessageReader
        .Outcome]
    {
        Array(bytes).withUnsafeBytes { reader.append($0) }
        var outcomes: [GRPCMessageReader.Outcome] = []
        while true {
            let outcome = reader.next()
            if outcome == .incomplete { return outcomes }
            outcomes.append(outcome)
            if case .failed = outcome { return outcomes }
        }
    }

    @Test func messagesComeOutWhateverTheSplit() {
        let messages: [[UInt8]] = [[1, 2, 3], [], Array(repeating: 7, count: 300)]
        let bytes = messages.flatMap { GRPCMessageReader.framed($0) }
        for cut in 0...bytes.count {
            var reader = GRPCMessageReader()
            var outcomes = Self.read(&reader, bytes[..<cut])
            outcomes += Self.read(&reader, bytes[cut...])
            #expect(outcomes == messages.map { .message($0) }, "split at \(cut)")
            #expect(!reader.isAmidMessage)
        }
        var reader = GRPCMessageReader()
        #expect(bytes.flatMap { Self.read(&reader, [$0]) } == messages.map { .message($0) })
    }

    @Test func aMessageThatIsCutShortIsSeen() {
        var reader = GRPCMessageReader()
        #expect(Self.read(&reader, [0, 0, 0, 0, 2, 1]) == [])
        #expect(reader.isAmidMessage)
    }

    @Test func whatCannotBeTakenFails() {
        for (bytes, status) in [
            ([2], GRPCStatus.internal), ([1, 0, 0, 0, 0], .unimplemented), ([0, 0, 1, 0, 1], .resourceExhausted),
            ([0, 0xff, 0xff, 0xff, 0xff], .resourceExhausted),
        ] as [([UInt8], GRPCStatus)] {
            var reader = GRPCMessageReader()
            #expect(Self.read(&reader, bytes) == [.failed(status, "")])
        }
        var reader = GRPCMessageReader()
        #expect(Self.read(&reader, [0, 0, 1, 0, 0]) == [], "64 KiB is allowed")
    }
}
