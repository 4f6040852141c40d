import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Sidecar

@Suite struct ChangeListTests {
    private static let changes = (1...5).reversed().map { AuditFileTests.entry("orders", epoch: $0 + 1, keys: 100) }

    @Test func allKeysAreGivenUnlessFewerAreAskedFor() {
        let whole = ChangeList.response(Self.changes, keysAtMost: 0)
        #expect(whole.changes == Self.changes.map(Switchover_V1_SwitchChange.init) && whole.leftOut == 0)
        let short = ChangeList.response(Self.changes, keysAtMost: 8)
        #expect(short.changes.count == 5 && short.leftOut == 0)
        for (change, all) in zip(short.changes, whole.changes) {
            #expect(change.after.gray.allow == Array(all.after.gray.allow.prefix(8)))
            #expect(change.after.gray.allowLeftOut == 92 && change.after.gray.denyLeftOut == 0)
            #expect(change.before == all.before && change.after.enrolled == all.after.enrolled)
        }
    }

    /// An answer has an end, and says what it lacks; the newest change is always there.
    @Test func whatIsTooLongIsLeftOutAndCounted() throws {
        let one = try ChangeList.response([Self.changes[0]], keysAtMost: 0).changes[0].serializedData().count
        for (bytes, count) in [(0, 1), (one, 1), (one * 3, 3), (one * 5 + 100, 5)] {
            let response = ChangeList.response(Self.changes, keysAtMost: 0, bytesAtMost: bytes)
            #expect(response.changes.count == count && response.leftOut == UInt32(5 - count))
            #expect(response.changes.first?.after.epoch == 6, "the newest first")
        }
    }
}
