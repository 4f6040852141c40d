import Migration
import Stores
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// What is known of one record.
extension SwitchControl {
    /// Both sides are asked for it; `reply` is called on the control loop.
    func explainRecord(_ request: Switchover_V1_ExplainRecordRequest, _ reply: @escaping Reply) throws(ControlFault) {
        guard let index = migrations.firstIndex(where: { $0.name == request.migration }) else {
            throw PlannedChange.unknown(request.migration, migrations.map(\.name))
        }
        guard let records = configuration.migrations[index].records,
            let update = configuration.migrations[index].methods.first(where: { $0.plan.kind == .update })
        else {
            throw ControlFault(
                .failedPrecondition,
                "the records of \(request.migration) are not in databases; switchover explain \(request.migration) "
                    + "--gray-key KEY says what the switches mean for them")
        }
        guard current[index]?.table[index] != nil else {
            throw ControlFault(.failedPrecondition, "no switches are known for \(request.migration)")
        }
        let lane = RecordTable.Key(
            migration: index, entity: update.plan.entityIndex,
            record: try Self.canonical(update, key: request.key, entity: records.entity.name))
        ask(records.entity.name, request.key, index) { [self] sides in
            reply(.success(explanation(of: lane, update, sides).bytes))
        }
    }

    private static func canonical(
        _ update: MethodConfiguration, key: Switchover_V1_Key, entity: String
    ) throws(ControlFault) -> [UInt8] {
        let message = Switchover_V1_UpdateRequest.with {
            $0.entity = entity
            $0.key = key
        }
        guard let plan = update.write?.recordKey, let bytes = plan.canonical(message.bytes) else {
            throw ControlFault(.invalidArgument, "the key is not what the configuration declares for \(entity)")
        }
        return bytes
    }

    // MARK: - The sides

    private func ask(
        _ entity: String, _ key: Switchover_V1_Key, _ index: Int,
        _ tell: @escaping @Sendable ([Switchover_V1_SideRecord]) -> Void
    ) {
        let message = Switchover_V1_GetRequest.with {
            $0.entity = entity
            $0.key = key
        }.bytes
        let answers = SideAnswers(waitingFor: 2, done: tell)
        for side in Side.allCases {
            ask(side, index, .get, message) { answers.answered(side, Self.side($0)) }
        }
    }

    private static func side(_ answer: SideAnswer) -> Switchover_V1_SideRecord {
        .with {
            switch answer {
            case .message(let bytes):
                if let response = try? Switchover_V1_GetResponse(serializedBytes: bytes) {
                    $0.record = response.record
                }
            case .failed(.notFound, _): break
            case .failed, .unreachable, .lost: $0.problem = answer.problem ?? ""
            }
        }
    }

    // MARK: - The answer

    private func explanation(
        of lane: RecordTable.Key, _ update: MethodConfiguration, _ sides: [Switchover_V1_SideRecord]
    ) -> Switchover_V1_ExplainRecordResponse {
        let state = records.state(of: lane, at: now)
        return .with {
            if let switches = current[lane.migration]?.table[lane.migration] {
                $0.epoch = switches.pointee.epoch
                let stage = state.pin ?? stage(of: sides, update, switches)
                $0.stage = stage.map { "\($0.name)" } ?? ""
            }
            $0.sides = sides
            $0.differing = Self.differing(sides)
            $0.beingWritten = state.isHeld
            $0.waiting = UInt32(state.waiting)
            $0.closedMilliseconds = state.closedNanoseconds / 1_000_000
            $0.writes = records.recentWrites.writes(of: lane).map(Switchover_V1_RecordWrite.init)
        }
    }

    /// By the gray key that the record has on its authority; both sides' keys must lead to the same one.
    private func stage(
        of sides: [Switchover_V1_SideRecord], _ update: MethodConfiguration,
        _ switches: UnsafePointer<MigrationSwitches>
    ) -> Stage? {
        if let stage = switches.pointee.stageWithoutKey { return stage }
        let stages = sides.filter(\.hasRecord).compactMap { side -> (side: String, stage: Stage)? in
            let message = Switchover_V1_UpdateRequest.with { $0.grayKey = side.record.grayKey }
            guard let key = update.plan.key?.canonical(message.bytes) else { return nil }
            return (side.side, key.withUnsafeBytes { switches.pointee.stage(key: $0) })
        }
        return stages.first { "\($0.stage.authority.name)" == $0.side }?.stage ?? stages.first?.stage
    }

    private static func differing(_ sides: [Switchover_V1_SideRecord]) -> [String] {
        guard sides.count == 2, sides.allSatisfy(\.hasRecord) else { return [] }
        let (old, new) = (sides[0].record, sides[1].record)
        var names = zip(old.fields, new.fields).filter { $0 != $1 }.map(\.0.name)
        if old.grayKey != new.grayKey { names.append("the gray key") }
        if old.version != new.version { names.append("the version") }
        return names
    }
}

/// Collects what the sides say.
private final class SideAnswers: @unchecked Sendable {
    // Sendable because it belongs to the control loop.
    private var waiting: Int
    private var sides: [Switchover_V1_SideRecord]
    private let done: ([Switchover_V1_SideRecord]) -> Void

    init(waitingFor count: Int, done: @escaping ([Switchover_V1_SideRecord]) -> Void) {
        waiting = count
        sides = Array(repeating: Switchover_V1_SideRecord(), count: count)
        self.done = done
    }

    func answered(_ side: Side, _ answer: Switchover_V1_SideRecord) {
        var answer = answer
        answer.side = "\(side.name)"
        sides[Int(side.rawValue)] = answer
        waiting -= 1
        if waiting == 0 { done(sides) }
    }
}

extension KeyPlan {
    /// The canonical form of the key that a message bears; nil where it is missing or malformed.
    func canonical(_ message: [UInt8]) -> [UInt8]? {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.scratchBytes, alignment: 16)
        defer { scratch.deallocate() }
        return message.withUnsafeBytes { bytes in
            guard case .key(let key) = scan(bytes, scratch: scratch) else { return nil }
            return Array(key)
        }
    }
}

extension Switchover_V1_RecordWrite {
    init(_ write: RecentWrites.Write) {
        self = .with {
            $0.time = Timestamp.text(seconds: write.seconds)
            $0.kind = write.kind.name
            $0.stage = write.stage.map { "\($0.name)" } ?? ""
            $0.epoch = write.epoch
            let parts = ["\(write.end.answer)", write.status == .ok ? "" : write.status.name, write.words]
            $0.outcome = parts.filter { !$0.isEmpty }.joined(separator: ": ")
            $0.dirty = write.end.effects.contains(.dirty)
        }
    }
}
