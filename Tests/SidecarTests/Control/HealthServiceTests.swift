import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Sidecar

@Suite struct HealthServiceTests {
    static let service = HealthService(migrations: ["orders", "stock"], services: ["grpc.health.v1.Health"])

    @Test func theWholeIsServingWhenEverythingIs() {
        #expect(Self.service.status(of: "", Readiness(state: .serving)) == .serving)
        #expect(Self.service.status(of: "", Readiness(state: .serving, withoutSwitches: ["orders"])) == .notServing)
        #expect(Self.service.status(of: "", Readiness(state: .starting)) == .notServing)
    }

    @Test func aMigrationIsServingOnItsOwn() {
        let readiness = Readiness(state: .serving, withoutSwitches: ["orders"])
        #expect(Self.service.status(of: "orders", readiness) == .notServing)
        #expect(Self.service.status(of: "stock", readiness) == .serving)
        #expect(Self.service.status(of: "stock", Readiness(state: .draining)) == .notServing)
    }

    @Test func othersAreUnknownButTheSocketsOwn() {
        #expect(Self.service.status(of: "grpc.health.v1.Health", Readiness(state: .draining)) == .serving)
        #expect(Self.service.status(of: "Orders", Readiness(state: .serving)) == nil)
    }

    @Test func listNamesAll() throws {
        let bytes = Self.service.list(Readiness(state: .serving, withoutSwitches: ["stock"]))
        let response = try Grpc_Health_V1_HealthListResponse(serializedBytes: bytes)
        #expect(
            response.statuses.mapValues(\.status) == [
                "": .notServing, "orders": .serving, "stock": .notServing, "grpc.health.v1.Health": .serving,
            ])
    }
}
