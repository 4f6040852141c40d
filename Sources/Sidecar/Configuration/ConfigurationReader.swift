import EventLoop
import Logging

/// Reads `switchover.yaml` into a draft, section by section. Migrations are read by `MigrationReader`.
struct ConfigurationReader {
    /// The folder that relative paths count from: the file's.
    let folder: String

    func read(_ root: DocumentValue) -> ConfigurationDraft {
        var draft = ConfigurationDraft()
        let keys = [
            "listen", "stats", "control", "workers", "allow_remote", "switches", "upstreams", "pass_through",
            "migrations", "limits", "log", "access_log", "drain",
        ]
        draft.control = FilePath.resolve(draft.control, in: folder)
        draft.switches = FilePath.resolve(draft.switches, in: folder)
        guard let section = Section(root, keys: keys) else { return draft }
        readProcess(section, into: &draft)
        draft.upstreams = readUpstreams(section)
        draft.passThrough = section["pass_through"].flatMap { value in
            value.text("the name of a migration, or off").map(value.placed)
        }
        draft.migrations = readMigrations(section)
        if let limits = section["limits"] { readLimits(limits, into: &draft.limits) }
        if let log = section["log"] { readLog(log, into: &draft.log) }
        if let accessLog = section["access_log"] { readAccessLog(accessLog, into: &draft) }
        if let drain = section["drain"] { readDrain(drain, into: &draft.drain) }
        return draft
    }

    private func readProcess(_ section: Section, into draft: inout ConfigurationDraft) {
        if let listen = section["listen"] { draft.listen = address(listen, listens: true) ?? draft.listen }
        if let stats = section["stats"] {
            draft.stats = isOff(stats) ? nil : address(stats, listens: true) ?? draft.stats
        }
        if let control = section["control"].flatMap(socketPath) { draft.control = control }
        if let switches = section["switches"]?.text("the path of the switch file") {
            draft.switches = FilePath.resolve(switches, in: folder)
        }
        if let workers = section["workers"]?.quantity(.count, in: Self.workerRange) { draft.workers = Int(workers) }
        draft.allowRemote = section["allow_remote"]?.boolean() ?? draft.allowRemote
    }

    static let workerRange: ClosedRange<UInt64> = 1...256
    static let addressForms = "an address: host:port, [v6]:port or unix:/path"

    private func isOff(_ value: DocumentValue) -> Bool {
        guard case .scalar("off", isQuoted: _) = value.node.content else { return false }
        return true
    }

    private func address(_ value: DocumentValue, listens: Bool) -> Placed<Address>? {
        guard let text = value.text(Self.addressForms) else { return nil }
        do {
            return value.placed(try Address(text, relativeTo: folder, allowsAnyPort: listens))
        } catch {
            value.fail(error.description)
            return nil
        }
    }

    private func socketPath(_ value: DocumentValue) -> String? {
        guard let text = value.text("the path of the control socket") else { return nil }
        do {
            guard case .unix(let path) = try Address("unix:" + text, relativeTo: folder) else { return nil }
            return path
        } catch {
            value.fail(error.description)
            return nil
        }
    }

    private func readUpstreams(_ section: Section) -> [UpstreamDraft] {
        let whatToWrite = "and below it each upstream as name: { address: host:port }"
        guard let entries = section.required("upstreams", whatToWrite)?.entries() else { return [] }
        return entries.map { name, value in
            Names.check(name, "upstream", at: value)
            var draft = UpstreamDraft(name: name, place: value.place)
            if let upstream = Section(value, keys: ["address", "sqlite"], like: "{ address: host:port }") {
                readTarget(upstream, into: &draft)
            }
            return draft
        }
    }

    private func readTarget(_ section: Section, into draft: inout UpstreamDraft) {
        guard let database = section["sqlite"] else {
            draft.address = section.required("address", "host:port").flatMap { address($0, listens: false) }
            return
        }
        section["address"]?.fail("an upstream is a service or a database; remove address or sqlite")
        guard let path = database.text("the path of a SQLite database") else { return }
        draft.database = database.placed(FilePath.resolve(path, in: folder))
    }

    private func readMigrations(_ section: Section) -> [MigrationDraft] {
        let whatToWrite = "and below it each migration with old, new, services and methods"
        guard let value = section.required("migrations", whatToWrite), let entries = value.entries() else { return [] }
        if entries.isEmpty { value.fail("there is no migration; write at least one with old, new and services") }
        return entries.map { name, value in
            Names.check(name, "migration", at: value)
            return MigrationReader().read(name, value)
        }
    }

    private func readLimits(_ value: DocumentValue, into limits: inout Limits) {
        guard let section = Section(value, keys: Limits.settings.map(\.name)) else { return }
        for setting in Limits.settings {
            guard let value = section[setting.name] else { continue }
            if let number = value.quantity(setting.unit, in: setting.range) { setting.write(&limits, number) }
        }
        if limits.backoffMinimum > limits.backoffMaximum {
            section.issues.error(
                section.place, "backoff_minimum is longer than backoff_maximum; write it shorter or equal")
        }
        for (name, buffer) in [("connection_buffer", limits.connectionBuffer), ("worker_buffer", limits.workerBuffer)]
        where buffer < limits.messageBytes {
            let needed = Quantity.format(UInt64(limits.messageBytes), as: .size)
            section.issues.error(
                section.place,
                "\(name) is smaller than message_bytes, so that no such message could pass; write at least \(needed)")
        }
    }

    private func readLog(_ value: DocumentValue, into log: inout LogConfiguration) {
        guard let section = Section(value, keys: ["level", "format"]) else { return }
        log.level = section["level"]?.choice("log level", Self.logLevels) ?? log.level
        log.format = section["format"]?.choice("log format", Self.logFormats) ?? log.format
    }

    static let logLevels = Logger.Level.allCases.map { (name: $0.rawValue, value: $0) }
    static let logFormats = LogFormat.allCases.map { (name: $0.rawValue, value: $0) }

    private func readAccessLog(_ value: DocumentValue, into draft: inout ConfigurationDraft) {
        guard let section = Section(value, keys: ["sample"]), let sample = section["sample"] else { return }
        guard let text = sample.text("a number from 0 to 1") else { return }
        guard let number = Double(text), (0...1).contains(number) else {
            return sample.fail("expected a number from 0 to 1, found \"\(text)\"")
        }
        draft.accessLogSample = number
    }

    private func readDrain(_ value: DocumentValue, into drain: inout DrainConfiguration) {
        guard let section = Section(value, keys: ["delay", "timeout"]) else { return }
        let range: ClosedRange<UInt64> = 0...3_600_000_000_000
        drain.delayNanoseconds = section["delay"]?.quantity(.duration, in: range) ?? drain.delayNanoseconds
        drain.timeoutNanoseconds = section["timeout"]?.quantity(.duration, in: range) ?? drain.timeoutNanoseconds
    }
}
