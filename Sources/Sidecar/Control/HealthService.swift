import SwiftProtobuf
import SwitchoverProtocol

/// `grpc.health.v1`: the sidecar as a whole under the empty name, each migration under its own, and the services of
/// this socket.
struct HealthService {
    typealias Status = Grpc_Health_V1_HealthCheckResponse.ServingStatus

    private let migrations: [String]
    private let services: [String]

    /// `services` are those of the control socket itself: who asks them has the answer.
    init(migrations: [String], services: [String]) {
        self.migrations = migrations
        self.services = services
    }

    /// Nil for a service that is not known.
    func status(of service: String, _ readiness: Readiness) -> Status? {
        if service.isEmpty { return readiness.isReady ? .serving : .notServing }
        if migrations.contains(service) { return readiness.isReady(migration: service) ? .serving : .notServing }
        return services.contains(service) ? .serving : nil
    }

    /// A serialized `HealthListResponse`.
    func list(_ readiness: Readiness) -> [UInt8] {
        var response = Grpc_Health_V1_HealthListResponse()
        for service in [""] + migrations + services {
            guard let status = status(of: service, readiness) else { continue }
            response.statuses[service] = .with { $0.status = status }
        }
        return response.bytes
    }

    /// A serialized `HealthCheckResponse`.
    static func response(_ status: Status) -> [UInt8] {
        Grpc_Health_V1_HealthCheckResponse.with { $0.status = status }.bytes
    }
}

extension Message {
    /// Serialized, maps in the order of their keys. Messages of proto3 have no required fields, and ours are far below
    /// 2 GiB: it cannot fail.
    var bytes: [UInt8] {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        guard let bytes: [UInt8] = try? serializedBytes(options: options) else {
            preconditionFailure("a proto3 message of bounded size can be serialized")
        }
        return bytes
    }
}
