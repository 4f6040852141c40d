package import EventLoop
package import Logging
package import Migration
import WireFormat

/// All that `switchover.yaml` and the command line say, checked: what is in a value of this type can be served.
package struct Configuration: Sendable {
    /// The file as the user named it.
    package let file: String
    /// The data port.
    package let listen: Address
    /// Nil when it is off.
    package let stats: Address?
    /// The path of the control socket.
    package let control: String
    /// The path of the switch file.
    package let switches: String
    /// Event loops that serve calls.
    package let workers: Int
    package let allowRemote: Bool
    package let upstreams: [Upstream]
    package let databases: [DatabaseUpstream]
    package let migrations: [MigrationConfiguration]
    /// The plan of calls to services that no migration names; nil: they get `UNIMPLEMENTED`.
    package let passThrough: CallPlan?
    /// `pass_through` names that migration: whoever wrote the file means those calls to pass.
    package let isPassThroughDeclared: Bool
    package let limits: Limits
    package let log: LogConfiguration
    /// The share of calls that the access log shows, 0 to 1.
    package let accessLogSample: Double
    package let drain: DrainConfiguration
    /// What is allowed but doubtful.
    package let warnings: [Diagnostic]
    /// The file's text, as it is written.
    let document: DocumentNode

    package static let defaultListen = Address.tcp(host: "127.0.0.1", port: 7400)
    package static let defaultStats = Address.tcp(host: "127.0.0.1", port: 7401)
    static let defaultControl = "switchover.sock"
    static let defaultSwitches = "switches.json"
    static let defaultTimeoutNanoseconds: UInt64 = 30_000_000_000

    /// An upstream's name and where it is, by its position in the services and, after them, the databases.
    package func describe(upstream index: Int) -> (name: String, target: String) {
        if index < upstreams.count { return (upstreams[index].name, "\(upstreams[index].address)") }
        let database = databases[index - upstreams.count]
        return (database.name, "sqlite:\(database.path)")
    }
}

extension Configuration {
    /// All upstreams, databases too, for the log.
    var upstreamsText: String {
        (0..<upstreams.count + databases.count).map { index in
            let upstream = describe(upstream: index)
            return "\(upstream.name)=\(upstream.target)"
        }.joined(separator: " ")
    }

    /// For each upstream the migrations after whose retirement nobody has anything to ask of it: all those that it is
    /// the old side of; none where it is somebody's new side.
    var migrationsToRetire: [[Int]] {
        upstreams.indices.map { upstream in
            if migrations.contains(where: { $0.newUpstream == upstream }) { return [] }
            return migrations.indices.filter { migrations[$0].oldUpstream == upstream }
        }
    }
}

/// One gRPC service that calls can go to.
package struct Upstream: Sendable, Equatable {
    package let name: String
    package let address: Address
}

/// One migration: its sides, the services it moves, and how their methods are routed.
package struct MigrationConfiguration: Sendable {
    package let name: String
    /// Positions in `Configuration.upstreams`, counted on into its `databases`.
    package let oldUpstream: Int
    package let newUpstream: Int
    /// Full names, `shop.v1.Orders`.
    package let services: [String]
    package let methods: [MethodConfiguration]
    /// The names of what its records are; a method's plan says which one by its position.
    package let entities: [String]
    /// The plan of the services' methods that are not in `methods`: pass-through of undeclared effect.
    package let otherMethods: CallPlan
    /// How gray keys are written in switch files; nil where no method has a gray key.
    package let keyForm: GrayKeyForm?
    /// Nil where the migration moves services of the user's own.
    package let records: RecordsConfiguration?
    /// At `dualNew`, whether old is asked for what new does not have.
    package let grayFallback: Bool

    package func upstream(_ side: Side) -> Int { side == .old ? oldUpstream : newUpstream }

    /// By what status a method says that there is no such record.
    ///
    /// - Parameter path: its `:path`; one that is not in the configuration has gRPC's own word.
    func absent(of path: String) -> GRPCStatus { methods.first { $0.path == path }?.plan.absent ?? .notFound }
}

package struct MethodConfiguration: Sendable {
    /// Full name, `shop.v1.Orders`.
    package let service: String
    package let name: String
    package let plan: CallPlan
    /// Nil for kinds that do not write.
    package let write: WritePlan?
    /// Nil for kinds but multi queries.
    package let query: MultiQueryConfiguration?

    /// The `:path` of its calls.
    package var path: String { "/\(service)/\(name)" }
}

/// What a method that finds many records says beside its plan.
package struct MultiQueryConfiguration: Sendable, Equatable {
    package let plan: MultiQueryPlan
    /// Sides whose failure leaves a partial answer.
    package let mayMiss: SideSet
}

package enum LogFormat: String, Sendable, CaseIterable {
    case text
    case json
}

package struct LogConfiguration: Sendable, Equatable {
    package var level: Logger.Level
    package var format: LogFormat
}

package struct DrainConfiguration: Sendable, Equatable {
    /// How long serving goes on after SIGTERM, at most, until the last client connection closes.
    package var delayNanoseconds: UInt64
    /// How long calls in flight may take after that.
    package var timeoutNanoseconds: UInt64
}
