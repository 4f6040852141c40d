import Foundation
import Testing

@testable import Sidecar

@Suite struct StatsReportTests {
    private static func object(_ fixture: StatsFixture) throws -> [String: Any] {
        let data = Data(StatsReport(fixture.snapshot).json())
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func aFreshSidecarHasNothingToShowButItself() throws {
        let report = try Self.object(StatsFixture())
        #expect(report["version"] as? String == Version.current)
        #expect(report["ready"] as? Bool == false)
        #expect(report["readiness"] as? String == "starting")
        #expect((report["methods"] as? [Any])?.isEmpty == true)
        #expect((report["switches"] as? [String: Any])?.keys.sorted() == ["orders", "stock"])
        #expect((report["switches"] as? [String: Any])?["orders"] is NSNull)
    }

    @Test func theNumbersAreThoseOfTheSnapshot() throws {
        let fixture = StatsFixture()
        fixture.useEverything()
        let report = try Self.object(fixture)
        let methods = try #require(report["methods"] as? [[String: Any]])
        #expect(methods.count == 4)
        #expect(methods[0]["method"] as? String == "shop.v1.Orders/Get")
        #expect(methods[0]["started"] as? Int == 6 * 17)
        #expect(methods[0]["inFlight"] as? Int == 0)
        let stages = try #require(methods[0]["stages"] as? [String: [String: Any]])
        #expect(stages.keys.sorted() == ["dualNew", "dualOld", "new", "newMirrored", "old", "undecided"])
        #expect(stages["dualOld"]?["count"] as? Int == 17)
        #expect((stages["dualOld"]?["statuses"] as? [String: Int])?["NOT_FOUND"] == 1)
        #expect((stages["dualOld"]?["buckets"] as? [String: Int])?["0.00005"] == 1)
        let sides = try #require(methods[0]["sides"] as? [String: [String: Any]])
        #expect(sides["new"]?["totalSeconds"] as? Double == 0.000777777)
        #expect((report["refusals"] as? [String: Int])?["queue-full"] == 1)
        #expect((report["clients"] as? [String: Int])?["connections"] == 2)
        #expect(methods[0]["kind"] as? String == "single_query")
        #expect((methods[0]["hop"] as? [String: Any])?["count"] as? Int == 6 * 17)
        let migrations = try #require(report["migrations"] as? [String: [String: Any]])
        #expect((migrations["stock"]?["counters"] as? [String: Int])?["suspectsKept"] == 5)
        #expect((migrations["stock"]?["laneWaits"] as? [String: Any])?["totalSeconds"] as? Double == 0.0025)
        #expect((report["switchChanges"] as? [String: Any])?["lastHoldSeconds"] as? Double == 0.002)
        #expect(
            (report["workers"] as? [[String: Double]]) == [
                ["busySeconds": 0.0004 + 3e-9, "longestBatchSeconds": 0.0004]
            ])
        let upstreams = try #require(report["upstreams"] as? [String: [String: Int]])
        #expect(upstreams["orders-old"]?["connections"] == 1)
        #expect(upstreams["orders-new"]?["resetsPaced"] == 7)
        let switches = try #require(report["switches"] as? [String: Any])
        #expect((switches["orders"] as? [String: Any])?["epoch"] as? Int == 12)
        #expect((switches["orders"] as? [String: Any])?["phase"] as? String == "migrating")
    }
}
