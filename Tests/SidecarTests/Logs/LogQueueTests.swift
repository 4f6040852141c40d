import EventLoop
import Foundation
import Glibc
import Logging
import Testing

@testable import Sidecar

@Suite struct LogQueueTests {
    private func logger(_ queue: LogQueue) -> Logger {
        Logger(label: "test") { LineLogHandler(label: $0, queue: queue) }
    }

    private func ends() -> (reader: Int32, writer: Int32) {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    private func readAll(_ descriptor: Int32) -> [String] {
        let data = FileHandle(fileDescriptor: descriptor).readDataToEndOfFile()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func closeWritesWhatWaits() {
        let (reader, writer) = ends()
        let queue = LogQueue(descriptor: writer, format: .text)
        for index in 0..<200 { logger(queue).info("line \(index)", metadata: ["n": "\(index)"]) }
        queue.close(withinMilliseconds: 10_000)
        close(writer)
        let lines = readAll(reader)
        #expect(lines.count == 200 && queue.lost == 0)
        #expect(lines.enumerated().allSatisfy { $1.hasSuffix("test: n=\($0) [SidecarTests] line \($0)") })
        close(reader)
    }

    /// Nobody reads: whoever logs goes on, and what was lost is counted and told of once somebody reads again.
    @Test func stalledReaderStopsNobody() {
        let (reader, writer) = ends()
        let queue = LogQueue(descriptor: writer, format: .json)
        let logger = logger(queue)
        let count = LogBuffer.linesAtMost * 2
        for index in 0..<count { logger.info("line \(index)") }
        #expect(queue.lost > 0)
        queue.close(withinMilliseconds: 1)
        logger.info("after the end")
        let dropped = queue.lost
        let found = Locked<[String]?>(nil)
        let reading = Thread { [self] in
            let lines = readAll(reader)
            found.withLock { $0 = lines }
        }
        reading.start()
        queue.close(withinMilliseconds: 30_000)
        close(writer)
        while found.withLock({ $0 == nil }) { usleep(1000) }
        let lines = found.withLock { $0 } ?? []
        let told = lines.filter { $0.contains("log lines were lost") }
        // One more was refused after the close.
        #expect(told.count == 1 && told[0].contains("\(dropped - 1) log lines were lost"))
        #expect(lines.count - told.count == count - Int(dropped - 1))
        close(reader)
    }

    /// A disk that is full, a reader that is gone, a descriptor that is closed: lines are counted as lost.
    @Test(arguments: ["/dev/full", "gone", "closed", "for reading"]) func whatCannotBeWrittenIsCounted(kind: String) {
        var descriptor: Int32 = -1
        switch kind {
        case "/dev/full": descriptor = open(kind, O_WRONLY | O_CLOEXEC)
        case "for reading": descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        case "gone":
            let (reader, writer) = ends()
            close(reader)
            descriptor = writer
        default: break
        }
        let queue = LogQueue(descriptor: descriptor, format: .json)
        for _ in 0..<10 { logger(queue).error("lost") }
        queue.close(withinMilliseconds: 10_000)
        #expect(queue.lost == 10)
        if descriptor >= 0 { close(descriptor) }
    }

    /// What came in between is told of before the next line's successor.
    @Test func sayWhatWasLostOnceItCanBeWritten() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UInt64.random(in: 0 ... .max))")
        let descriptor = open(path.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        let moving = dup(full)
        let queue = LogQueue(descriptor: moving, format: .text)
        for _ in 0..<3 { logger(queue).info("lost") }
        while queue.lost < 3 { usleep(1000) }
        dup2(descriptor, moving)
        logger(queue).info("written")
        queue.close(withinMilliseconds: 10_000)
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasSuffix("written") && lines[1].contains("3 log lines were lost"))
        for each in [descriptor, full, moving] { close(each) }
        try FileManager.default.removeItem(at: path)
    }
}
