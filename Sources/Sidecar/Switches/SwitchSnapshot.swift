import EventLoop
package import Migration

/// The switches of all migrations as one reading of the switch file left them: immutable, shared by all loops, replaced
/// whole.
///
/// Whoever lets go of it last may be a loop that serves calls (a query keeps the switches that it began with), and to
/// give back the memory of a million keys takes milliseconds: a large one is freed on a thread of its own.
package final class SwitchSnapshot: @unchecked Sendable {
    // Sendable because nothing changes after `init`; the memory behind the pointers is freed when nobody has it.

    /// By the migration's position in the configuration; nil where the switches are not known: `no-switches`. Valid
    /// while the snapshot lives; reading it counts no references.
    package let table: UnsafePointer<UnsafePointer<MigrationSwitches>?>
    /// What the file says about each migration, for logs and `check`.
    package let summaries: [SwitchSummary?]
    /// The same with the keys as they are written there, for commands and their record.
    var entries: [SwitchEntry?] { memory.entries }

    private let memory: SwitchMemory

    /// A snapshot of migrations whose switches are not known.
    package convenience init(unknown count: Int) {
        self.init(summaries: Array(repeating: nil, count: count)) { (_) throws(Never) in nil }
    }

    /// `make` is asked once for each position.
    init<Failure: Error>(
        summaries: [SwitchSummary?], entries: [SwitchEntry?]? = nil,
        _ make: (Int) throws(Failure) -> MigrationSwitches?
    ) throws(Failure) {
        self.summaries = summaries
        memory = SwitchMemory(entries: entries ?? Array(repeating: nil, count: summaries.count))
        table = UnsafePointer(memory.slots)
        for index in summaries.indices {
            guard let switches = try make(index) else { continue }
            memory.keep(switches, at: index)
        }
    }

    deinit { if memory.isLarge { memory.freeElsewhere() } }
}

/// What a snapshot points to.
private final class SwitchMemory: @unchecked Sendable {
    // Sendable because nothing of it changes once the snapshot is made.
    /// From here on it is worth a thread to free it, bytes.
    private static let large = 4 << 20

    let slots: UnsafeMutablePointer<UnsafePointer<MigrationSwitches>?>
    let entries: [SwitchEntry?]
    private var count: Int { entries.count }

    init(entries: [SwitchEntry?]) {
        self.entries = entries
        let count = entries.count
        slots = .allocate(capacity: max(count, 1))
        slots.initialize(repeating: nil, count: count)
    }

    func keep(_ switches: consuming MigrationSwitches, at index: Int) {
        let memory = UnsafeMutablePointer<MigrationSwitches>.allocate(capacity: 1)
        memory.initialize(to: switches)
        slots[index] = UnsafePointer(memory)
    }

    var isLarge: Bool {
        (0..<count).reduce(0) { $0 + (slots[$1]?.pointee.bytes ?? 0) } >= Self.large
    }

    /// A thread takes the last reference with it.
    func freeElsewhere() {
        // Without a thread it is freed here.
        try? SystemThread(name: "freeing") { [mine = self] in withExtendedLifetime(mine) {} }.leave()
    }

    deinit {
        for index in 0..<count {
            guard let memory = slots[index].map({ UnsafeMutablePointer(mutating: $0) }) else { continue }
            memory.deinitialize(count: 1)
            memory.deallocate()
        }
        slots.deallocate()
    }
}

extension MigrationSwitches {
    /// The memory of its sets.
    fileprivate var bytes: Int {
        enrolled.allow.bytes + enrolled.deny.bytes + gray.allow.bytes + gray.deny.bytes
    }
}

extension StageMoves {
    /// Which keys of one migration go to stage `old` and from it; nil where nothing of it changes, or its switches are
    /// not known.
    init?(from last: SwitchSnapshot, to next: SwitchSnapshot, _ index: Int, _ form: GrayKeyForm) {
        guard last.summaries[index] != next.summaries[index], let before = last.table[index],
            let after = next.table[index]
        else { return nil }
        self.init(from: before.pointee, to: after.pointee, onlyOld: true) { form.written($0).joined(separator: ",") }
    }
}

/// What a switch file says about one migration, without the keys.
package struct SwitchSummary: Sendable, Equatable {
    package let epoch: UInt64
    package let phase: Phase
    /// As text: `all`, `none`, or the sizes of its lists and the percentage.
    package let enrolled: String
    package let gray: String
    package var enrolledSize = GraySetSize()
    package var graySize = GraySetSize()
    /// Of phase and sets, keys included: tells whether the switches of two readings are the same.
    let fingerprint: UInt64
}

/// How much a set of gray keys holds.
package struct GraySetSize: Sendable, Equatable {
    package var allowed = 0
    package var denied = 0
    /// Hundredths of a percent of the keys that are not listed.
    package var shareTimes100: UInt32 = 0
}
