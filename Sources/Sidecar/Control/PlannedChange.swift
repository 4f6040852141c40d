import Migration
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// A change of one migration's switches that was asked for, worked out against the present switch file.
struct PlannedChange: Sendable {
    let migration: SwitchedMigration
    let index: Int
    /// What the change is judged from: what calls are decided by, or what the switch file says where that is not known.
    let before: SwitchEntry
    /// What the switch file says.
    let inFile: SwitchEntry
    let after: SwitchEntry
    /// The epoch of the change that it undoes.
    let undoes: UInt64?
    /// The switch file's text after it.
    let text: String
    /// What becomes of what the switch file says.
    enum FileStanding {
        case inForce
        /// It is taken, and comes into force.
        case pending
        /// It is not taken.
        case refused
    }

    /// What is known of a migration's switches beside what the file says.
    struct Known: Sendable {
        /// What calls are decided by; nil where that is not known.
        var inForce: SwitchEntry?
        /// What was taken from the file last, or has just been written into it: in force, or on its way.
        var last: SwitchEntry?
        /// The highest epoch that was given to a change, or taken.
        var epoch: UInt64 = 0
        /// Whether something is wrong with the file, as it was looked at last.
        var isRefused = false

        /// What was taken and is not in force yet.
        var pending: SwitchEntry? { last.flatMap { $0 == inForce ? nil : $0 } }

        fileprivate func standing(of inFile: SwitchEntry) -> FileStanding {
            guard let last = last ?? inForce else { return .inForce }
            if inFile == last { return inForce == nil || inFile == inForce ? .inForce : .pending }
            // It may not have been looked at yet: then it is as good as taken.
            return inFile.epoch > last.epoch && !isRefused ? .pending : .refused
        }
    }

    let standing: FileStanding
    let beforeDraft: SwitchDraft
    let afterDraft: SwitchDraft

    var changesNothing: Bool { inFile == after }

    /// - Parameters:
    ///   - audit: all changes, oldest first.
    ///   - bytes: the switch file.
    init(
        _ request: Switchover_V1_ChangeSwitchesRequest, migrations: [SwitchedMigration], path: String, bytes: [UInt8],
        audit: [AuditEntry], cache: KeyListCache = KeyListCache(), known: Known = Known()
    ) throws(ControlFault) {
        guard let index = migrations.firstIndex(where: { $0.name == request.migration }) else {
            throw Self.unknown(request.migration, migrations.map(\.name))
        }
        migration = migrations[index]
        self.index = index
        var reader = SwitchFileReader(path: path, migrations: migrations, cache: cache)
        var document: SwitchDocument
        do throws(InvalidFile) {
            document = try SwitchDocument(bytes, file: path)
            guard let inFile = document.entry(of: request.migration) else {
                throw InvalidFile(Place(file: path, line: nil, path: ""), "does not name \(request.migration)")
            }
            self.inFile = inFile
            before = known.inForce ?? inFile
            standing = known.standing(of: inFile)
            if before == inFile {
                beforeDraft = try Self.draft(&reader, bytes, index)
            } else {
                var other = document
                other.set(before, of: request.migration)
                beforeDraft = try Self.draft(&reader, Array(other.text.utf8), index)
            }
        } catch {
            throw ControlFault(.failedPrecondition, "the switch file cannot be used, correct it first: \(error)")
        }
        if request.ifEpoch != 0, request.ifEpoch != inFile.epoch {
            throw ControlFault(
                .aborted, "the change is meant for epoch \(request.ifEpoch), the switches are at \(inFile.epoch) by now"
            )
        }
        let (state, undoes) = try Self.target(request, known, inFile, standing, audit, migrations[index].keyForm)
        self.undoes = undoes
        let isThere = state == inFile.state && standing != .refused
        // What was taken may be higher than what the file says by now: no two changes have one epoch.
        let highest = max(inFile.epoch, known.epoch, known.last?.epoch ?? 0, known.inForce?.epoch ?? 0)
        after = SwitchEntry(epoch: isThere ? inFile.epoch : highest + 1, state: state)
        document.set(after, of: request.migration)
        text = document.text
        do throws(InvalidFile) {
            afterDraft = try Self.draft(&reader, Array(text.utf8), index)
        } catch {
            // A place in the text that the change would give is nowhere to be seen; one in a file of keys is.
            let problems = error.diagnostics.map { $0.place.file == path ? $0.problem : $0.description }
            throw ControlFault(.invalidArgument, problems.joined(separator: "\n"))
        }
        if undoes != nil { try mustNotGoForward() }
    }

    /// A way back never takes a key towards new: files of keys may have more in them than when they were named first.
    private func mustNotGoForward() throws(ControlFault) {
        do {
            guard try moves().goForward else { return }
        } catch {
            throw ControlFault(.resourceExhausted, "\(error)")
        }
        throw ControlFault(
            .failedPrecondition,
            """
            what undoes epoch \(undoes ?? 0) would take keys towards new, and a rollback takes none there. Say \
            yourself what to change: switchover gray, enrol or total
            """)
    }

    /// A change that is in the switch file already, and not in force yet.
    init(
        pending entry: AuditEntry, _ index: Int, migrations: [SwitchedMigration], path: String, bytes: [UInt8],
        cache: KeyListCache
    ) throws(ControlFault) {
        migration = migrations[index]
        self.index = index
        before = entry.before ?? entry.after
        inFile = entry.after
        standing = .pending
        after = entry.after
        undoes = entry.undoes
        var reader = SwitchFileReader(path: path, migrations: migrations, cache: cache)
        do throws(InvalidFile) {
            var document = try SwitchDocument(bytes, file: path)
            text = document.text
            afterDraft = try Self.draft(&reader, bytes, index)
            document.set(before, of: migration.name)
            beforeDraft = try Self.draft(&reader, Array(document.text.utf8), index)
        } catch {
            throw ControlFault(.failedPrecondition, "the switch file cannot be used, correct it first: \(error)")
        }
    }

    static func unknown(_ name: String, _ known: [String]) -> ControlFault {
        ControlFault(
            .notFound, "there is no migration \"\(name)\"; the configuration has \(known.joined(separator: ", "))")
    }

    private static func draft(
        _ reader: inout SwitchFileReader, _ bytes: [UInt8], _ index: Int
    ) throws(InvalidFile) -> SwitchDraft {
        guard let draft = try reader.drafts(bytes)[index] else {
            let place = Place(file: reader.path, line: nil, path: "")
            throw InvalidFile(place, "does not name \(reader.migrations[index].name)")
        }
        return draft
    }

    private static func target(
        _ request: Switchover_V1_ChangeSwitchesRequest, _ known: Known, _ inFile: SwitchEntry,
        _ standing: FileStanding, _ audit: [AuditEntry], _ form: GrayKeyForm
    ) throws(ControlFault) -> (SwitchState, undoes: UInt64?) {
        var state = inFile.state
        switch request.change {
        case .phase(let name):
            guard let phase = Phase(name: name) else {
                let names = Phase.allCases.map(\.name).joined(separator: ", ")
                throw ControlFault(.invalidArgument, "there is no phase \"\(name)\"; write one of \(names)")
            }
            state.phase = phase
        case .enrolled(let change): state.enrolled = try state.enrolled.applying(change, form)
        case .gray(let change): state.gray = try state.gray.applying(change, form)
        case .rollback(let wanted):
            return try rollback(to: wanted.toEpoch, request.migration, known, inFile, standing, audit)
        case nil: throw ControlFault(.invalidArgument, "the request does not say what to change")
        }
        return (state, nil)
    }

    /// A step forward that is not in force yet is taken back, whatever the file says by now. What was refused is
    /// written over: the change that is undone is the last one that came into force, or none where nobody can say
    /// which.
    private static func rollback(
        to epoch: UInt64, _ migration: String, _ known: Known, _ inFile: SwitchEntry, _ standing: FileStanding,
        _ audit: [AuditEntry]
    ) throws(ControlFault) -> (SwitchState, undoes: UInt64?) {
        let inForce = known.inForce ?? inFile
        let pending = standing == .pending ? inFile : known.pending
        if epoch == 0, let pending, Move(from: inForce.state, to: pending.state, facts: MoveFacts()).isForward {
            return (inForce.state, pending.epoch)
        }
        let base = standing == .refused ? inForce : inFile
        let history = SwitchHistory(audit, of: migration, inFile: base)
        if let gap = history.gap(before: base.epoch), epoch == 0 {
            if standing == .refused { return (inForce.state, inFile.epoch) }
            throw ControlFault(
                .failedPrecondition, "\(gap) Say yourself what to change: switchover gray, enrol or total")
        }
        if let undo = Undo(history, from: base.state, after: epoch) { return (undo.target, undo.epoch) }
        if standing == .refused { return (inForce.state, inFile.epoch) }
        let since = epoch > 0 ? " after epoch \(epoch)" : ""
        throw ControlFault(
            .notFound, "there is no forward change\(since) to undo; switchover history \(migration)")
    }

    // MARK: - What it moves

    /// Listed keys that would be gray without being enrolled, as they are written; at most ten.
    func grayNotEnrolled() throws(KeySetError) -> [String] {
        guard afterDraft.gray.allow.count > 0 else { return [] }
        let enrolled = try afterDraft.enrolled.set(.init(migration: migration.name))
        var found: [String] = []
        for key in afterDraft.gray.allow {
            let isIn = key.withUnsafeBytes { enrolled.contains($0) }
            if !isIn { found.append(migration.keyForm.written(key).joined(separator: ",")) }
            if found.count == 10 { break }
        }
        return found
    }

    /// How many of these canonical keys, as often as they stand there, get another stage.
    func moved(of keys: [[UInt8]]) throws(KeySetError) -> Int {
        let before = try beforeDraft.switches(of: migration.name)
        let after = try afterDraft.switches(of: migration.name)
        var moved = 0
        for key in keys where key.withUnsafeBytes({ before.stage(key: $0) != after.stage(key: $0) }) { moved += 1 }
        return moved
    }

    /// Where keys go.
    func moves() throws(KeySetError) -> StageMoves {
        StageMoves(
            from: try beforeDraft.switches(of: migration.name), to: try afterDraft.switches(of: migration.name)
        ) { migration.keyForm.written($0).joined(separator: ",") }
    }

    func delta() throws(KeySetError) -> KeyDelta {
        KeyDelta(
            from: try beforeDraft.switches(of: migration.name), to: try afterDraft.switches(of: migration.name),
            lists: [beforeDraft, afterDraft].flatMap {
                [$0.enrolled.deny, $0.enrolled.allow, $0.gray.deny, $0.gray.allow]
            }, form: migration.keyForm)
    }
}
