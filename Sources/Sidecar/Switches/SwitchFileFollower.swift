import Logging
import Migration

/// Reads a switch file when it has changed, and acts on what `SwitchFile` decides. Confined to the watcher's thread.
struct SwitchFileFollower {
    private let path: String
    private let migrationNames: [String]
    private let deliver: (SwitchSnapshot) -> Void
    private let report: (SwitchReport) -> Void
    private let inForce: () -> [SwitchSummary?]
    /// By which the file was judged last.
    private var lastInForce: [SwitchSummary?] = []
    private var reader: SwitchFileReader
    private var file: SwitchFile
    /// The bytes that were read last, or why they could not be.
    private var lastContent: Result<[UInt8], FileFailure>?
    private var lastStamp: FileStamp?
    private var isRefused = false
    /// What was said of the present content.
    private var lastRefusal: String?
    private let before: [SwitchesBefore]
    private var isFirst = true

    /// - Parameters:
    ///   - before: by the migration's position.
    ///   - inForce: what calls are decided by, the same way.
    init(
        path: String, migrations: [SwitchedMigration], before: [SwitchesBefore], cache: KeyListCache = KeyListCache(),
        inForce: @escaping () -> [SwitchSummary?],
        deliver: @escaping (SwitchSnapshot) -> Void,
        report: @escaping (SwitchReport) -> Void
    ) {
        self.path = path
        migrationNames = migrations.map(\.name)
        self.inForce = inForce
        self.deliver = deliver
        self.report = report
        reader = SwitchFileReader(path: path, migrations: migrations, cache: cache)
        self.before = before
        file = SwitchFile(migrationNames: migrationNames, epochsOnRecord: before.map(\.epoch))
    }

    mutating func look() {
        let inForce = inForce()
        // What could not be taken over what was in force may be right by now.
        let mayBeRight = isRefused && inForce != lastInForce
        lastInForce = inForce
        if let content = changedContent() {
            lastRefusal = nil
            act(on: content)
        } else if mayBeRight, let lastContent {
            act(on: lastContent)
        }
    }

    /// Nil where it is what was read last.
    private mutating func changedContent() -> Result<[UInt8], FileFailure>? {
        // Lists can be long: their stamps tell whether they must be read again.
        let listsAreSame = reader.lists.allSatisfy { $0.stamp == FileStamp($0.path) }
        let stamp = FileStamp(path)
        if listsAreSame, let stamp, stamp == lastStamp, !stamp.isFresh { return nil }
        lastStamp = stamp
        let content = readContent()
        // A file that could not be read (too many open files, a disk's error) may be readable without any change of it.
        if case .failure = content { lastStamp = nil }
        if listsAreSame, content == lastContent { return nil }
        lastContent = content
        return content
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
                decide(.usable(snapshot.summaries), snapshot, snapshot.entries.map { $0?.state })
            } catch {
                decide(.broken(error.description), nil)
            }
        }
    }

    private mutating func decide(
        _ reading: SwitchFile.Reading, _ snapshot: SwitchSnapshot?, _ states: [SwitchState?] = []
    ) {
        switch file.read(reading, states: states, inForce: lastInForce) {
        case .keep:
            guard isRefused else { return }
            isRefused = false
            say(.notice, "\(path) is right again: it says what is in force", .accepted)
        case .swap:
            isRefused = false
            guard let snapshot else { return }
            for warning in reader.warnings { say(.warning, "\(warning)") }
            let opening = isFirst ? opening(to: snapshot) : nil
            if isFirst { warnOfJumps(to: states) }
            isFirst = false
            say(.notice, "switches read from \(path): \(describe(snapshot))", .accepted)
            if let opening {
                file.begins(with: opening.entries)
                deliver(opening)
            }
            deliver(snapshot)
        case .refuse(let reason):
            refuse("the last good switches stay in force: \(reason)")
        case .notReady(let reason):
            refuse("no switches are known and calls are refused (no-switches): \(reason)")
        }
    }

    /// What was changed while no sidecar ran is taken, for nobody can say what it came from for sure.
    private func warnOfJumps(to states: [SwitchState?]) {
        for (name, (entry, next)) in zip(migrationNames, zip(before, states)) {
            guard let last = entry.audit.entry?.after, let next,
                let obstacle = SwitchFile.jump(from: last.state, to: next)
            else {
                continue
            }
            say(
                .warning,
                "migration \(name): the audit file says \(last.state.phase.name) (epoch \(last.epoch)), the switch "
                    + "file \(next.phase.name), which is taken; no command would have made that change: "
                    + obstacle.sentence(name))
        }
    }

    /// What the process begins with, where that is not what the file says: the change to that then waits for late
    /// writes of the process before, as it would have if that had gone on.
    private func opening(to snapshot: SwitchSnapshot) -> SwitchSnapshot? {
        guard case .success(let bytes)? = lastContent else { return nil }
        var reader = SwitchFileReader(path: path, migrations: reader.migrations)
        guard var document = try? SwitchDocument(bytes, file: path) else { return nil }
        var unknown: Set<Int> = []
        var isOther = false
        for (index, name) in migrationNames.enumerated() {
            guard let summary = snapshot.summaries[index],
                case .withOneOf(let entries) = before[index].opening(
                    to: summary, isBeyondOld: snapshot.table[index]?.pointee.hasKeysBeyondOld ?? false)
            else { continue }
            isOther = true
            let last = before[index].left.inForce
            let known = entries.first { entry in
                var single = document
                single.set(entry, of: name)
                let draft = try? reader.drafts(Array(single.text.utf8))[index]
                return draft?.summary.fingerprint == last?.fingerprint
            }
            if let known { document.set(known, of: name) } else { unknown.insert(index) }
            say(.warning, sentence(name, summary, last, isKnown: known != nil))
        }
        guard isOther else { return nil }
        return try? reader.read(Array(document.text.utf8), without: unknown)
    }

    private func sentence(
        _ name: String, _ summary: SwitchSummary, _ last: OwnerNote.InForce?, isKnown: Bool
    ) -> String {
        let refused = "its calls are refused (no-switches) until then"
        guard let last else {
            return
                "migration \(name): the switch file says epoch \(summary.epoch) \(summary.phase.name), and what was in "
                + "force before this start is not on record (no lock file beside the switch file says so). A write "
                + "that was sent to old may still arrive, until settle_after from now: \(refused)"
        }
        let meanwhile =
            isKnown
            ? "Until then epoch \(last.epoch) stays in force"
            : "What epoch \(last.epoch) said is not on record, so that \(refused)"
        return
            "migration \(name): the switch file says epoch \(summary.epoch), epoch \(last.epoch) was in force when the "
            + "last sidecar ended, and a write of it may still arrive; where the change takes keys from old, it waits "
            + "for settle_after. \(meanwhile)"
    }

    private mutating func refuse(_ reason: String) {
        isRefused = true
        guard reason != lastRefusal else { return }
        lastRefusal = reason
        say(.error, "\(path) is not taken, \(reason)", .refused)
    }

    private func say(_ level: Logger.Level, _ message: String, _ outcome: SwitchReport.Outcome? = nil) {
        report(SwitchReport(level: level, message: message, outcome: outcome))
    }

    private func describe(_ snapshot: SwitchSnapshot) -> String {
        zip(migrationNames, snapshot.summaries).map { name, summary in
            summary.map { "\(name) epoch \($0.epoch) \($0.phase.name)" } ?? "\(name) unknown"
        }.joined(separator: ", ")
    }
}
