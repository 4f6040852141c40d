package import WireFormat

/// Why a side's answer to a multi query or look-up cannot be used: the side or the plan of the method is wrong.
package enum AnswerFault: Error, Equatable {
    /// No protobuf message.
    case unreadable(RowFault)
    /// A row does not come after the one before it, or not after the cursor: the declared order is not the side's.
    case unsorted(row: Int)
    /// A row's record key or gray key lacks a component that the plan requires.
    case keyMissing(component: Int)
    case keyTooLong(component: Int)
}

/// Memory for keys that are no slices of their message.
struct KeyScratch: ~Copyable {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 1)

    deinit { memory.deallocate() }

    /// Calls `body` with the canonical key that a range of a message has.
    borrowing func withKey<Result>(
        _ plan: KeyPlan, in message: [UInt8], _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(AnswerFault) -> Result {
        let scratch = memory
        return try message.span.bytes.withUnsafeBytes { message throws(AnswerFault) in
            body(try Self.key(plan, UnsafeRawBufferPointer(rebasing: message[range]), scratch))
        }
    }

    /// The canonical gray key that a range of a message has; nil for a record that has none, or one that is longer than
    /// any that a set can hold.
    borrowing func grayKey(_ plan: KeyPlan, in message: [UInt8], _ range: Range<Int>) throws(AnswerFault) -> [UInt8]? {
        do throws(AnswerFault) {
            return try withKey(plan, in: message, range) { Array($0) }
        } catch .keyMissing, .keyTooLong {
            return nil
        }
    }

    /// The stage of a record by the gray key that a range of a message has.
    borrowing func stage<Stages: RowStages & ~Copyable>(
        _ plan: KeyPlan, in message: [UInt8], _ range: Range<Int>, _ stages: borrowing Stages
    ) throws(AnswerFault) -> Stage {
        do throws(AnswerFault) {
            return try withKey(plan, in: message, range) { stages.stage(grayKey: $0) }
        } catch .keyMissing, .keyTooLong {
            return stages.stageOfNoKey
        }
    }

    private static func key(
        _ plan: KeyPlan, _ row: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawBufferPointer
    ) throws(AnswerFault) -> UnsafeRawBufferPointer {
        switch plan.scan(row, scratch: scratch) {
        case .key(let key): return key
        case .missing(let component): throw .keyMissing(component: component)
        case .tooLong(let component): throw .keyTooLong(component: component)
        case .malformed(_, let offset, let reason):
            throw .unreadable(RowFault(offset: offset, reason: reason))
        }
    }
}
