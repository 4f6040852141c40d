import EventLoop
import Foundation
import Migration
import Testing
import WireFormat

@testable import Sidecar

@Suite struct ConfigurationTests {
    static let whole = """
        listen: 127.0.0.1:7400
        stats: 127.0.0.1:7401
        control: run/control.sock
        workers: 2
        allow_remote: false
        switches: switches.json
        upstreams:
          orders-old: { address: 127.0.0.1:50051 }
          orders-new: { address: "[::1]:50052" }
          users-old: { address: unix:users.sock }
          users-new: { address: users.internal:443 }
        pass_through: users
        migrations:
          orders:
            old: orders-old
            new: orders-new
            services: [shop.v1.Orders, shop.v1.Carts]
            gray_key: { path: 1.3, type: sint64, presence: required }
            gray_fallback: off
            methods:
              shop.v1.Orders/Get: { kind: single_query, absent: FAILED_PRECONDITION, timeout: 1500ms }
              shop.v1.Carts/Get:
                kind: single_query
                gray_key: { path: 2, type: int32 }
              shop.v1.Orders/Watch: { kind: pass_through, effect: read }
          users:
            old: users-old
            new: users-new
            services: [Users]
            gray_key: [{ path: 1, type: string }, { path: 2, type: bool }]
            methods:
              Find: { kind: single_query }
              Import: { kind: pass_through, effect: unsafe_write }
        limits:
          message_bytes: 8MiB
          connections: 64
          idle_timeout: 0
        log: { level: debug, format: json }
        access_log: { sample: 0.25 }
        drain: { delay: 1s, timeout: 2m }
        """

    /// Two upstreams, one migration, one method: what most tests start from.
    static let small = """
        upstreams:
          a: { address: 127.0.0.1:1 }
          b: { address: 127.0.0.1:2 }
        migrations:
          orders:
            old: a
            new: b
            services: [shop.v1.Orders]
            methods:
              Get: { kind: single_query, gray_key: { path: 1, type: string } }
        """

    static func parse(
        _ text: String, _ overrides: ConfigurationOverrides = ConfigurationOverrides(),
        file: String = "etc/switchover.yaml"
    ) throws -> Configuration {
        try Configuration.parse(text, file: file, overrides: overrides)
    }

    @Test func theProcesssPartIsReadPathsCountFromTheFile() throws {
        let configuration = try Self.parse(Self.whole)
        #expect(configuration.listen == .tcp(host: "127.0.0.1", port: 7400))
        #expect(configuration.stats == .tcp(host: "127.0.0.1", port: 7401))
        #expect(configuration.control == "etc/run/control.sock")
        #expect(configuration.switches == "etc/switches.json")
        #expect(configuration.workers == 2)
        #expect("\(configuration.log.level)" == "debug")
        #expect(configuration.log.format == .json)
        #expect(configuration.accessLogSample == 0.25)
        #expect(configuration.drain.delayNanoseconds == 1_000_000_000)
        #expect(configuration.drain.timeoutNanoseconds == 120_000_000_000)
        #expect(configuration.warnings.isEmpty)
    }

    @Test func upstreamsKeepTheirOrderAndEveryFormOfAddress() throws {
        let configuration = try Self.parse(Self.whole)
        #expect(
            configuration.upstreams == [
                Upstream(name: "orders-old", address: .tcp(host: "127.0.0.1", port: 50_051)),
                Upstream(name: "orders-new", address: .tcp(host: "::1", port: 50_052)),
                Upstream(name: "users-old", address: .unix(path: "etc/users.sock")),
                Upstream(name: "users-new", address: .tcp(host: "users.internal", port: 443)),
            ])
    }

    @Test func methodsBecomeCallPlans() throws {
        let orders = try Self.parse(Self.whole).migrations[0]
        let key = try KeyPlan([KeyField(path: FieldPath("1.3"), type: .sint64, presence: .required)])
        let own = try KeyPlan([KeyField(path: FieldPath("2"), type: .int32)])
        #expect((orders.oldUpstream, orders.newUpstream) == (0, 1))
        #expect((orders.upstream(.old), orders.upstream(.new)) == (0, 1))
        #expect(orders.methods.map(\.path) == ["/shop.v1.Orders/Get", "/shop.v1.Carts/Get", "/shop.v1.Orders/Watch"])
        var cart = CallPlan(
            singleQuery: own, absent: .notFound, grayFallback: false, timeoutNanoseconds: 30_000_000_000,
            migrationIndex: 0, methodIndex: 1)
        cart.entityIndex = 1
        #expect(orders.entities == ["shop.v1.Orders", "shop.v1.Carts"])
        #expect(
            orders.methods.map(\.plan) == [
                CallPlan(
                    singleQuery: key, absent: .failedPrecondition, grayFallback: false,
                    timeoutNanoseconds: 1_500_000_000, migrationIndex: 0, methodIndex: 0),
                cart,
                CallPlan(passThrough: .read, migrationIndex: 0, methodIndex: 2),
            ])
        #expect(orders.otherMethods == CallPlan(passThrough: .undeclared, migrationIndex: 0, methodIndex: 3))
        #expect(orders.keyForm == GrayKeyForm(components: [.integer]))
    }

    @Test func aGrayKeyMayHaveSeveralComponents() throws {
        let users = try Self.parse(Self.whole).migrations[1]
        #expect(users.methods[0].plan.key?.count == 2)
        #expect(users.methods[0].plan.grayFallback)
        #expect(users.methods[1].plan.effect == .unsafeWrite)
        #expect(users.keyForm == GrayKeyForm(components: [.text, .bool]))
    }

    @Test func whatIsNotWrittenHasItsDefault() throws {
        let configuration = try Self.parse(Self.small, file: "switchover.yaml")
        #expect(configuration.listen == .tcp(host: "127.0.0.1", port: 7400))
        #expect(configuration.stats == .tcp(host: "127.0.0.1", port: 7401))
        #expect(configuration.control == "switchover.sock")
        #expect(configuration.switches == "switches.json")
        #expect(configuration.workers == 1)
        #expect(!configuration.allowRemote)
        #expect(configuration.limits == Limits())
        #expect("\(configuration.log.level)" == "info")
        #expect(configuration.log.format == .text)
        #expect(configuration.accessLogSample == 0)
        #expect(
            configuration.drain
                == DrainConfiguration(delayNanoseconds: 25_000_000_000, timeoutNanoseconds: 30_000_000_000))
    }

    @Test func servicesThatNoMigrationNamesFollowTheOnlyOneOrTheOneThatIsNamedOrNone() throws {
        #expect(
            try Self.parse(Self.small).passThrough
                == CallPlan(passThrough: .undeclared, migrationIndex: 0, methodIndex: 1))
        #expect(try Self.parse("pass_through: off\n" + Self.small).passThrough == nil)
        #expect(
            try Self.parse(Self.whole).passThrough
                == CallPlan(passThrough: .undeclared, migrationIndex: 1, methodIndex: 2))
        let unsaid = Self.whole.replacingOccurrences(of: "pass_through: users", with: "")
        #expect(try Self.parse(unsaid).passThrough == nil)
    }

    @Test func anUnusedUpstreamIsAWarning() throws {
        let text = Self.small.replacingOccurrences(
            of: "migrations:", with: "  spare: { address: 127.0.0.1:3 }\nmigrations:")
        #expect(
            try Self.parse(text).warnings.map(\.description) == [
                "etc/switchover.yaml:4: upstreams.spare: no migration uses this upstream; remove it, or name it as "
                    + "old or new"
            ])
    }

    @Test func everyLimitIsReadByItsName() throws {
        for setting in Limits.settings {
            let value = setting.range.upperBound
            let text = "limits: { \(setting.name): \(Quantity.format(value, as: setting.unit)) }\n"
            // The longest message and the shortest longest wait contradict other defaults.
            let companions = [
                "message_bytes": "connection_buffer: 1GiB, worker_buffer: 1GiB",
                "backoff_minimum": "backoff_maximum: 10m",
            ]
            let companion = companions[setting.name].map { ", \($0)" } ?? ""
            let configuration = try Self.parse(text.replacingOccurrences(of: " }", with: "\(companion) }") + Self.small)
            #expect(setting.read(configuration.limits) == value, "\(setting.name)")
        }
    }

    @Test func limitsStandWithinTheirRangesAndHaveNamesOfTheirOwn() {
        for setting in Limits.settings {
            #expect(setting.range.contains(setting.read(Limits())), "\(setting.name)")
        }
        #expect(Set(Limits.settings.map(\.name)).count == Limits.settings.count)
    }

    @Test func aFileIsReadFromDiskRelativePathsCountFromItsFolder() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.small, to: "switchover.yaml")
        let configuration = try Configuration.load(folder.path("switchover.yaml"))
        #expect(configuration.switches == folder.path("switches.json"))
        #expect(configuration.file == folder.path("switchover.yaml"))
    }

    @Test func whatCannotBeReadIsSaidWithItsReason() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: InvalidFile.self) { try Configuration.load(folder.path("none.yaml")) }
        #expect(
            missing?.description == "\(folder.path("none.yaml")): cannot be read: No such file or directory; "
                + "name the file with --config, or write one with: switchover init")
        let directory = #expect(throws: InvalidFile.self) { try Configuration.load(folder.root) }
        #expect(directory?.description == "\(folder.root): cannot be read: Is a directory")
        try folder.write([0xFF, 0xFE], to: "binary.yaml")
        let binary = #expect(throws: InvalidFile.self) { try Configuration.load(folder.path("binary.yaml")) }
        #expect(binary?.description == "\(folder.path("binary.yaml")): is not UTF-8 text")
        try folder.write([UInt8](repeating: 0x20, count: 1 << 20 | 1), to: "long.yaml")
        let long = #expect(throws: InvalidFile.self) { try Configuration.load(folder.path("long.yaml")) }
        #expect(long?.description == "\(folder.path("long.yaml")): cannot be read: it is longer than 1MiB")
    }
}
