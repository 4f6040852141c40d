import EventLoop
import Migration
import Stores
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Counts the records that new has and old lacks among the keys that a change sends back to old, where they would
/// disappear from sight: page by page through new's table, each page looked up on old.
final class NewOnlyScan: @unchecked Sendable {
    // Sendable because it belongs to the control loop, which each answer comes to.

    private static let pageRecords: UInt32 = 1000
    /// Larger tables are not counted to their end.
    private static let pagesAtMost = 1000
    private static let examplesAtMost = 5
    /// Who goes back is in a hurry: what cannot be counted in this time is not known.
    private static let secondsAtMost: UInt64 = 2

    private let entity: RecordEntity
    private let migration: Int
    private let errands: Errands
    private let mailbox: Mailbox
    private let grayKey: KeyPlan
    private let before: MigrationSwitches
    private let after: MigrationSwitches
    private let deadline: UInt64
    private var pages = 0
    private var count: UInt64 = 0
    private var examples: [String] = []
    private var tell: ((NewOnlyRecords?) -> Void)?

    /// Nil where the two sides are not databases of this sidecar.
    ///
    /// - Parameters:
    ///   - mailbox: of the loop that the scan belongs to.
    ///   - now: monotonic nanoseconds.
    init?(
        _ plan: PlannedChange, _ migration: MigrationConfiguration, errands: Errands, mailbox: Mailbox,
        now: UInt64
    ) {
        guard let records = migration.records,
            let key = migration.methods.first(where: { $0.plan.kind == .update })?.plan.key,
            let before = try? plan.beforeDraft.switches(of: plan.migration.name),
            let after = try? plan.afterDraft.switches(of: plan.migration.name)
        else { return nil }
        entity = records.entity
        self.migration = plan.index
        self.errands = errands
        self.mailbox = mailbox
        grayKey = key
        self.before = before
        self.after = after
        deadline = now + Self.secondsAtMost * 1_000_000_000
    }

    /// `tell` is called once, on the scan's loop; nil where a side did not answer, or the table is too long to be
    /// counted.
    func start(_ tell: @escaping (NewOnlyRecords?) -> Void) {
        self.tell = tell
        nextPage(after: [])
    }

    private func nextPage(after token: [UInt8]) {
        pages += 1
        guard pages <= Self.pagesAtMost else { return finish(nil) }
        let request = Switchover_V1_QueryRequest.with {
            $0.entity = entity.name
            $0.limit = Self.pageRecords
            $0.pageToken = .init(token)
        }
        ask(.new, .query, request.bytes) { [self] message in
            guard let message, let page = try? Switchover_V1_QueryResponse(serializedBytes: message) else {
                return finish(nil)
            }
            lookUp(page.records.filter(leavesNew), then: Array(page.nextPageToken))
        }
    }

    /// Whether the record's key is written on both sides before the change, and on old alone after it.
    private func leavesNew(_ record: Switchover_V1_Record) -> Bool {
        let message = Switchover_V1_UpdateRequest.with { $0.grayKey = record.grayKey }
        guard let key = grayKey.canonical(message.bytes) else { return true }
        return key.withUnsafeBytes { before.stage(key: $0).isDouble && after.stage(key: $0) == .old }
    }

    private func lookUp(_ records: [Switchover_V1_Record], then token: [UInt8]) {
        guard !records.isEmpty else { return goOn(token) }
        let request = Switchover_V1_GetManyRequest.with {
            $0.entity = entity.name
            $0.keys = records.map(\.key)
        }
        ask(.old, .getMany, request.bytes) { [self] message in
            guard let message, let found = try? Switchover_V1_GetManyResponse(serializedBytes: message) else {
                return finish(nil)
            }
            let known = Set(found.records.map(\.key))
            for record in records where !known.contains(record.key) { note(record) }
            goOn(token)
        }
    }

    /// Tells the answer's message; nil where there is none.
    private func ask(
        _ side: Side, _ operation: StoreOperation, _ message: [UInt8], _ tell: @escaping @Sendable ([UInt8]?) -> Void
    ) {
        let request = SideRequest(
            side: side, migration: migration, what: .operation(operation), message: message, deadline: deadline)
        errands.run(request, answerTo: mailbox) { answer in
            if case .message(let message) = answer { tell(message) } else { tell(nil) }
        }
    }

    private func note(_ record: Switchover_V1_Record) {
        count += 1
        guard examples.count < Self.examplesAtMost else { return }
        examples.append(record.key.parts.map(\.textOfKeyPart).joined(separator: ","))
    }

    private func goOn(_ token: [UInt8]) {
        if token.isEmpty { finish(NewOnlyRecords(count: count, examples: examples)) } else { nextPage(after: token) }
    }

    private func finish(_ found: NewOnlyRecords?) {
        tell?(found)
        tell = nil
    }
}

extension Switchover_V1_Value {
    /// A part of a record key as a person writes it.
    fileprivate var textOfKeyPart: String {
        switch kind {
        case .int64(let number): "\(number)"
        case .uint64(let number): "\(number)"
        case .bool(let value): "\(value)"
        case .text(let text), .decimal(let text), .json(let text): text
        case .timestamp(let microseconds): "\(microseconds)"
        case .bytes(let bytes), .uuid(let bytes):
            "hex:" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        case .double(let number): "\(number)"
        case nil: "null"
        }
    }
}
