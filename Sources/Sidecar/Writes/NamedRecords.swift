import Migration
import WireFormat

/// What the request of a write of one side says of its records. Read once where there may be many: a change of the
/// switches asks for it again and again while it holds writes.
final class NamedRecords {
    /// Once each, with the gray keys that the request tells first.
    private(set) var records: [(record: RecordTable.Key, grayKey: WriteGrayKeys)] = []
    /// All that it tells, of records that it does not name too; none twice in a row.
    private(set) var grayKeys: [WriteGrayKeys] = []
    /// Whether it names all records that it is about.
    private(set) var areAllThere = true

    /// Nothing can be read.
    init() { areAllThere = false }

    /// - Parameters:
    ///   - message: as it can be read.
    ///   - grayKey: where the gray key stands, in each element if the plan says so.
    init(
        _ message: UnsafeRawBufferPointer, _ plan: UnsafePointer<CallPlan>, _ write: WritePlan,
        grayKey: UnsafePointer<KeyPlan>?, scratch: UnsafeMutableRawBufferPointer
    ) {
        func present(in holder: UnsafeRawBufferPointer) -> [UInt8]? {
            grayKey?.pointee.key(in: holder, scratch: scratch)
        }
        var parts = [message]
        if let element = write.element {
            let ranges = try? RepeatedField.ranges(of: element.field, in: message)
            areAllThere = ranges != nil
            parts = (ranges ?? []).map { UnsafeRawBufferPointer(rebasing: message[$0]) }
        }
        // One that is all elements' is looked for once: the rest of the message may be long.
        let isOfAll = write.element != nil && write.element?.grayKey == nil
        let ofAll = isOfAll ? present(in: message) : nil
        var seen: Set<RecordTable.Key> = []
        for part in parts {
            let record = write.recordKey.key(in: part, scratch: scratch).map { RecordTable.Key(plan, record: $0) }
            let keys = WriteGrayKeys(
                present: isOfAll ? ofAll : present(in: part),
                next: write.newGrayKey(in: part, scratch: scratch)?.copiedKey)
            if grayKeys.last != keys { grayKeys.append(keys) }
            if let record {
                if seen.insert(record).inserted { records.append((record, keys)) }
            } else {
                areAllThere = false
            }
        }
    }
}
