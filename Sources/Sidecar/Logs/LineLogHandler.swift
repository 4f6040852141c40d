import Glibc
package import Logging

/// Puts log lines into a queue that a thread writes: whoever logs waits for nothing.
package struct LineLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let queue: LogQueue

    package init(label: String, queue: LogQueue) {
        self.label = label
        self.queue = queue
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        queue.push(
            LogLine(
                level: event.level, label: label, source: event.source, message: "\(event.message)",
                metadata: all.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }))
    }
}
