import Testing
import WireFormat

@testable import Migration

/// A record without its gray key: every reply of old, then every reply of new, for each purpose.
@Suite struct RecordSearchTests {
    private static let failure = SingleQuery.SideFailure.failed(.internal)
    private static let stages: [Stage] = [.old, .dualOld, .dualNew]
    private func search(_ purpose: RecordSearch.Purpose, _ replies: RecordSearch.Reply...) -> RecordSearch.Action {
        var search = RecordSearch(for: purpose)
        #expect(search.start() == .ask(.old))
        return replies.reduce(.ask(.old)) { _, reply in search.replied(reply) }
    }

    @Test func aWriteTakesTheGrayKeyFromOldOrElseFromNew() {
        for stage in Self.stages {
            #expect(search(.grayKey, .found(stage)) == .found(on: .old), "new is not asked")
            #expect(search(.grayKey, .absent, .found(stage)) == .found(on: .new))
        }
        #expect(search(.grayKey, .absent) == .ask(.new))
        #expect(search(.grayKey, .absent, .absent) == .ask(.old), "it may have come there meanwhile")
        #expect(search(.grayKey, .absent, .absent, .absent) == .notFound)
        #expect(search(.grayKey, .absent, .absent, .found(.old)) == .found(on: .old))
        #expect(search(.grayKey, .absent, .failed(Self.failure)) == .fail(.new, Self.failure))
        #expect(search(.grayKey, .failed(.unreachable)) == .fail(.old, .unreachable))
    }

    @Test(arguments: [true, false]) func aQueryTakesTheRecordFromItsAuthority(fallsBack: Bool) {
        let purpose = RecordSearch.Purpose.record(grayFallback: fallsBack)
        #expect(search(purpose, .found(.old)) == .found(on: .old), "new is not asked")
        #expect(search(purpose, .found(.dualOld)) == .found(on: .old), "new is not asked")
        #expect(search(purpose, .failed(Self.failure)) == .fail(.old, Self.failure))
        #expect(search(purpose, .found(.dualNew)) == .ask(.new))
        #expect(search(purpose, .found(.dualNew), .found(.dualNew)) == .found(on: .new))
        #expect(search(purpose, .found(.dualNew), .absent) == (fallsBack ? .ask(.old) : .notFound))
        #expect(search(purpose, .found(.dualNew), .failed(.unreachable)) == .fail(.new, .unreachable))
        #expect(search(purpose, .absent) == .ask(.new))
        #expect(search(purpose, .absent, .found(.old)) == .notFound, "no record yet")
        #expect(search(purpose, .absent, .found(.dualOld)) == .found(on: .new), "born on new")
        #expect(search(purpose, .absent, .found(.dualNew)) == .found(on: .new))
        #expect(search(purpose, .absent, .absent) == .ask(.old), "it may have come there meanwhile")
        #expect(search(purpose, .absent, .absent, .absent) == .notFound)
        #expect(search(purpose, .absent, .absent, .found(.dualOld)) == .found(on: .old))
        #expect(search(purpose, .absent, .absent, .failed(Self.failure)) == .fail(.old, Self.failure))
        #expect(search(purpose, .absent, .failed(Self.failure)) == .fail(.new, Self.failure), "never not found")
    }

    /// I5: old's row was read before new said that the record is not there, and may be of a time before its delete.
    @Test func whatOldHadBeforeNewWasAskedIsReadOnceMore() {
        let purpose = RecordSearch.Purpose.record(grayFallback: true)
        #expect(search(purpose, .found(.dualNew), .absent, .absent) == .notFound)
        #expect(search(purpose, .found(.dualNew), .absent, .found(.dualNew)) == .foundUnmigrated)
        #expect(search(purpose, .found(.dualNew), .absent, .found(.dualOld)) == .found(on: .old))
    }

    /// Contract, 3: "At `newMirrored` new alone gives the answer; what old says is never an answer".
    @Test(arguments: [Stage.newMirrored, .new]) func whatOldHasBeyondItsTimeIsNoAnswer(stage: Stage) {
        let purpose = RecordSearch.Purpose.record(grayFallback: true)
        #expect(search(purpose, .found(stage), .absent, .found(stage)) == .notFound)
        #expect(search(purpose, .absent, .absent, .found(stage)) == .notFound)
    }

    /// Whoever runs it is at fault then: a debug build ends, and says so.
    @Test func whatItsStateDoesNotExpectIsAFault() async {
        #if DEBUG
        await #expect(processExitsWith: .failure) {
            var search = RecordSearch(for: .grayKey)
            _ = search.replied(.absent)
        }
        await #expect(processExitsWith: .failure) {
            var search = RecordSearch(for: .grayKey)
            _ = (search.start(), search.start())
        }
        await #expect(processExitsWith: .failure) {
            var search = RecordSearch(for: .grayKey)
            _ = (search.start(), search.replied(.failed(.unreachable)), search.replied(.absent))
        }
        #endif
    }
}
