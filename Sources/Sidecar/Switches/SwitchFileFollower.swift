import Logging
import Migration

/// Reads a switch file when it has changed, and acts on what `SwitchFile` decides. Confined to the watcher's thread.
struct SwitchFileFollower {
    private let path: String
    private let migrationNames: [String]
    private let deliver: (SwitchSnapshot) -> Void
    private let report: (SwitchFileReport) -> Void
    private var reader: SwitchFileReader
    private var file: SwitchFile
    /// The bytes that were read last, or why they could not be.
    private var lastContent: Result<[UInt8], FileFailure>?
    private var lastStamp: FileStamp?

    init(
        path: String, migrations: [SwitchedMigration], deliver: @escaping (SwitchSnapshot) -> Void,
        report: @escaping (SwitchFileReport) -> Void
    ) {
        self.path = path
        migrationNames = migrations.map(\.name)
        self.deliver = deliver
        self.report = report
        reader = SwitchFileReader(path: path, migrations: migrations)
        file = SwitchFile(migrationNames: migrationNames)
    }

    mutating func look() {
        // Lists can be long: their stamps tell whether they must be read again.
        let listsAreSame = reader.lists.allSatisfy { $0.stamp == FileStamp($0.path) }
        let stamp = FileStamp(path)
        if listsAreSame, let stamp, stamp == lastStamp, !stamp.isFresh { return }
        lastStamp = stamp
        let content = readContent()
        if listsAreSame, content == lastContent { return }
        lastContent = content
        act(on: content)
    }

    private func readContent() -> Result<[UInt8], FileFailure> {
        do {
            return .success(try FileContent.read(path, limit: SwitchFileReader.fileBytesAtMost))
        } catch {
            return .failure(error)
        }
    }

    private mutating func act(on content: Result<[UInt8], FileFailure>) {
        switch content {
        case .failure(let failure):
            decide(failure.isMissing ? .missing : .broken("\(failure)"), nil)
        case .success(let bytes):
            do {
                let snapshot = try reader.read(bytes)
                decide(.usable(snapshot.summaries), snapshot)
            } catch {
                decide(.broken(error.description), nil)
            }
        }
    }

    private mutating func decide(_ reading: SwitchFile.Reading, _ snapshot: SwitchSnapshot?) {
        switch file.read(reading) {
        case .keep: break
        case .swap:
            guard let snapshot else { return }
            for warning in reader.warnings { say(.warning, "\(warning)") }
            say(.notice, "switches read from \(path): \(describe(snapshot))")
            deliver(snapshot)
        case .refuse(let reason):
            say(.error, "\(path) is not taken, the last good switches stay in force: \(reason)")
        case .notReady(let reason):
            say(.error, "\(path) is not taken, no switches are known and calls are refused (no-switches): \(reason)")
        }
    }

    private func say(_ level: Logger.Level, _ message: String) {
        report(SwitchFileReport(level: level, message: message))
    }

    private func describe(_ snapshot: SwitchSnapshot) -> String {
        zip(migrationNames, snapshot.summaries).map { name, summary in
            summary.map { "\(name) epoch \($0.epoch) \($0.phase.name)" } ?? "\(name) unknown"
        }.joined(separator: ", ")
    }
}
