import Testing
import WireFormat

@testable import Migration
@testable import Sidecar

@Suite struct RecentWritesTests {
    private static let end = WriteEnd(answer: .reply(of: .old), effects: .none)

    private static func lane(_ record: UInt8, migration: Int = 0) -> RecordTable.Key {
        RecordTable.Key(migration: migration, entity: 0, record: [record])
    }

    @Test func aRecordsOwnWritesAreToldNewestFirst() {
        let recent = RecentWrites()
        for epoch in 1...3 {
            recent.note(Self.lane(1), kind: .update, stage: .dualOld, epoch: UInt64(epoch), Self.end, .ok)
            recent.note(Self.lane(2), kind: .delete, stage: .dualOld, epoch: UInt64(epoch), Self.end, .ok)
            recent.note(Self.lane(1, migration: 1), kind: .insert, stage: .dualNew, epoch: 9, Self.end, .ok)
        }
        let writes = recent.writes(of: Self.lane(1))
        #expect(writes.map(\.epoch) == [3, 2, 1])
        #expect(writes.allSatisfy { $0.kind == .update && $0.stage == .dualOld && $0.end == Self.end })
    }

    @Test func theOldestGiveWay() {
        let recent = RecentWrites()
        recent.note(Self.lane(1), kind: .update, stage: .dualOld, epoch: 1, Self.end, .ok)
        for _ in 1..<RecentWrites.writesAtMost {
            recent.note(Self.lane(2), kind: .update, stage: .dualOld, epoch: 2, Self.end, .ok)
        }
        #expect(recent.writes(of: Self.lane(1)).map(\.epoch) == [1])
        recent.note(Self.lane(3), kind: .update, stage: .dualOld, epoch: 3, Self.end, .ok)
        #expect(recent.writes(of: Self.lane(1)) == [])
        #expect(recent.writes(of: Self.lane(2)).count == RecentWrites.writesAtMost - 1)
        #expect(recent.writes(of: Self.lane(3)).map(\.epoch) == [3])
    }
}
