import Foundation
import Migration
import Testing
import WireFormat

@testable import Sidecar
@testable import Stores

/// What a configuration says about records in databases, right and wrong.
@Suite struct RecordsCheckTests {
    static let right = """
        upstreams:
          a: { sqlite: old.db }
          b: { sqlite: /data/new.db }
          c: { address: 127.0.0.1:1 }
        migrations:
          orders:
            old: a
            new: b
            records:
              entity: order
              fields:
                order_id: int64
                store_id: text
                total: { type: decimal, nullable: on }
                created_at: timestamp
                version: int64
              key: order_id
              gray_key: store_id
              version: version
              old:
                table: t_order
                columns:
                  order_id: id
                  total: { column: total_cents, scale: 2 }
                  created_at: { column: created, stored: "2017-01-01T11:53:26Z" }
                constants: { source: sidecar, kind: 7, share: 0.5, note: "1", more: null }
              new:
                table: orders
                columns:
                  total: { column: total, scale: 4 }
                  created_at: { column: created_at, stored: microseconds }
                foreign_keys: off
        """

    private static func configuration(_ text: String) throws -> Configuration {
        try Configuration.parse(text, file: "conf/s.yaml", overrides: ConfigurationOverrides())
    }

    @Test func everyPartIsRead() throws {
        let configuration = try Self.configuration(Self.right)
        let migration = configuration.migrations[0]
        #expect(configuration.upstreams.map(\.name) == ["c"])
        #expect(configuration.databases.map(\.path) == ["conf/old.db", "/data/new.db"])
        #expect(configuration.describe(upstream: migration.oldUpstream) == ("a", "sqlite:conf/old.db"))
        #expect(configuration.describe(upstream: migration.newUpstream) == ("b", "sqlite:/data/new.db"))
        #expect(configuration.passThrough == nil)
        #expect(migration.services.isEmpty && migration.methods.count == 7)
        #expect(migration.keyForm?.components == [.text])
        let records = try #require(migration.records)
        #expect(records.entity.name == "order")
        #expect(records.entity.fields.map(\.name) == ["order_id", "store_id", "total", "created_at", "version"])
        #expect(records.entity.fields.map(\.isNullable) == [false, false, true, false, false])
        let (old, new) = (records.old, records.new)
        #expect(old.table == "t_order" && old.path == "conf/old.db" && old.enforcesForeignKeys)
        #expect(old.columns.map(\.name) == ["id", "store_id", "total_cents", "created", "version"])
        let format = try #require(TimestampFormat(example: "2017-01-01T11:53:26Z"))
        #expect(old.columns.map(\.storage) == [.plain, .plain, .scaled(2), .formatted(format), .plain])
        #expect(old.constants.map(\.column) == ["source", "kind", "share", "note", "more"])
        #expect(old.constants.map(\.value) == [.text("sidecar"), .integer(7), .real(0.5), .text("1"), .null])
        #expect(new.columns.map(\.storage) == [.plain, .plain, .scaled(4), .microseconds, .plain])
        #expect(!new.enforcesForeignKeys)
    }

    @Test func keysStandWhereTheRecordsServiceHasThem() throws {
        let entity = try RecordEntity(
            name: "lines", fields: [.init(name: "shop", type: .text), .init(name: "no", type: .uint64)],
            key: ["shop", "no"], grayKey: "shop")
        func paths(_ plan: KeyPlan) -> [String] {
            (0..<plan.count).map { "\(plan[$0].path) \(plan[$0].type.name)" }
        }
        #expect(paths(entity.requestRecordKey) == ["2.1[0].6 string", "2.1[1].3 uint64"])
        #expect(paths(entity.requestGrayKey) == ["3.6 string"])
        #expect(paths(entity.requestNewGrayKey) == ["6.6 string"])
        #expect(paths(entity.rowRecordKey) == ["1.1[0].6 string", "1.1[1].3 uint64"])
        #expect(paths(entity.rowGrayKey) == ["2.6 string"])
    }

    /// Both sides of the Records service are databases; the gray key's place in an update is known either way.
    @Test func immutableGrayKeysAreRead() throws {
        let plans = try [
            Self.right, Self.right.replacing("    new: b\n", with: "    new: b\n    immutable_gray_key: on\n"),
        ]
        .map { try Self.configuration($0).migrations[0].methods }
        #expect(plans.map { $0.filter(\.plan.isAlwaysRead).map(\.name) } == [[], ["Update"]])
        #expect(plans.map { $0.filter { $0.write?.newGrayKey != nil }.map(\.name) } == [["Update"], ["Update"]])
    }

    @Test func twoTablesOfOneDatabase() throws {
        #expect(try Self.configuration(Self.right.replacing("new: b\n", with: "new: a\n")).migrations.count == 1)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let line: String
        let by: String
        let says: [String]

        init(_ line: String, by: String, says: String...) {
            self.line = line
            self.by = by
            self.says = says
        }

        var testDescription: String { by }
    }

    static let records = "s.yaml:9: migrations.orders.records"

    @Test(arguments: [
        Case(
            "a: { sqlite: old.db }", by: "a: { sqlte: old.db }",
            says: "s.yaml:2: upstreams.a: key \"address\" is missing; write address: host:port",
            "s.yaml:2: upstreams.a.sqlte: unknown key \"sqlte\"; write one of address, sqlite (did you mean sqlite?)"),
        Case(
            "a: { sqlite: old.db }", by: "a: { sqlite: old.db, address: 127.0.0.1:2 }",
            says: "s.yaml:2: upstreams.a.address: an upstream is a service or a database; remove address or sqlite"),
        Case(
            "      entity: order", by: "      entiti: order",
            says: "s.yaml:10: migrations.orders.records.entiti: unknown key \"entiti\"; "
                + "write one of entity, fields, key, gray_key, version, old, new (did you mean entity?)"),
        Case(
            "order_id: int64", by: "order_id: int46",
            says: "s.yaml:12: migrations.orders.records.fields.order_id: unknown type \"int46\"; did you mean int64?"),
        Case(
            "order_id: int64", by: "\"order id\": int64",
            says: "s.yaml:12: migrations.orders.records.fields.order id: \"order id\" cannot name a field; "
                + "write letters, digits and _, beginning with a letter"),
        Case(
            "nullable: on", by: "nulable: on",
            says: "s.yaml:14: migrations.orders.records.fields.total.nulable: unknown key \"nulable\"; "
                + "write one of type, nullable (did you mean nullable?)"),
        Case(
            "      key: order_id", by: "      key: order",
            says: "s.yaml:17: migrations.orders.records.key: unknown field \"order\"; write one of order_id, store_id, "
                + "total, created_at, version (did you mean order_id?)"),
        Case("      key: order_id", by: "      key: []", says: records + ": a record key has 1 to 4 fields, found 0"),
        Case(
            "      key: order_id", by: "      key: total",
            says: records + ": total cannot be in the record key: equal values of type decimal have several forms"),
        Case(
            "      gray_key: store_id\n", by: "",
            says: records + ": key \"gray_key\" is missing; write gray_key: the field by which the rollout goes"),
        Case(
            "        table: t_order\n", by: "",
            says: "s.yaml:20: migrations.orders.records.old: key \"table\" is missing; write table: the table's name"),
        Case(
            "          order_id: id", by: "          order: id",
            says: "s.yaml:23: migrations.orders.records.old.columns.order: unknown field \"order\"; "
                + "write one of order_id, store_id, total, created_at, version (did you mean order_id?)"),
        Case(
            "{ column: total_cents, scale: 2 }", by: "total_cents",
            says:
                "s.yaml:24: migrations.orders.records.old.columns.total: total is of type decimal; say how the column "
                + "stores it: as an integer with a scale, as a float with a scale, or as text; write "
                + "total: { column: total_cents, scale: 2 }"),
        Case(
            "{ column: total_cents, scale: 2 }", by: "{ column: total_cents, scale: 19 }",
            says: "s.yaml:24: migrations.orders.records.old.columns.total.scale: 19 is out of range; write 0 to 18"),
        Case(
            "stored: \"2017-01-01T11:53:26Z\"", by: "stored: second",
            says: "s.yaml:25: migrations.orders.records.old.columns.created_at.stored: \"second\" is no way to store "
                + "values; write seconds, milliseconds, microseconds, text, or an example like "
                + "\"2017-01-01T11:53:26Z\", \"2017-01-01\" or, of a uuid, \"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\" "
                + "(did you mean seconds?)"),
        Case(
            "order_id: id", by: "order_id: { column: id, stored: text }",
            says: "s.yaml:23: migrations.orders.records.old.columns.order_id: order_id is of type int64; a column of "
                + "type int64 is not stored so; remove stored or scale"),
        Case(
            "kind: 7", by: "id: 7",
            says: "s.yaml:20: migrations.orders.records.old: column id is mapped twice; a column is one field or one "
                + "constant"),
        Case(
            "kind: 7", by: "kind: [7]",
            says: "s.yaml:26: migrations.orders.records.old.constants.kind: expected a text, a number, true, "
                + "false or null, found a list"),
        Case(
            "    new: b\n", by: "    new: c\n",
            says: "s.yaml:8: migrations.orders.new: c is a service, and records are moved between databases; write an "
                + "upstream with sqlite, or describe the service's methods by field numbers: services and methods in "
                + "place of records"),
        Case(
            "    records:", by: "    services: [shop.v1.Orders]\n    records:",
            says: "s.yaml:9: migrations.orders.services[0]: a migration with records has no services, since its calls "
                + "are those of switchover.v1.Records; remove them, or write another migration"),
        Case(
            "    records:", by: "    gray_key: { path: 1, type: string }\n    records:",
            says: "s.yaml:9: migrations.orders.gray_key: a migration with records names its keys in records; "
                + "remove this"),
        Case(
            "upstreams:", by: "pass_through: orders\nupstreams:",
            says: "s.yaml:1: pass_through: migration orders moves records, whose sides take no other calls; "
                + "write a migration of services, or off"),
        Case(
            "        table: orders",
            by: "        table: orders\n  copies:\n    old: a\n    new: c\n    services: [x.Y]",
            says: "s.yaml:31: migrations.copies.old: a is a database, which has no services; write records in this "
                + "migration, or name a service"),
    ])
    func wrongOnesAreNamed(sample: Case) {
        precondition(Self.right.contains(sample.line), "the case replaces a line that is not there: \(sample.line)")
        var text = Self.right.replacing(sample.line, with: sample.by, maxReplacements: 1)
        // What follows a migration that was put in belongs to it no more.
        if sample.by.contains("copies:"), let end = text.range(of: "services: [x.Y]")?.upperBound {
            text = String(text[..<end]).replacing(
                "        table: orders",
                with: "        table: orders\n        columns: { total: { column: t, scale: 4 }, "
                    + "created_at: { column: c, stored: seconds } }")
        }
        let errors = ConfigurationCheckTests.errors(text)
        #expect(errors.sorted() == sample.says.sorted(), "\(errors)")
    }

    @Test func anEntityBelongsToOneMigration() throws {
        let lines = Self.right.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let second = ["  again:"] + lines[6...]
        let errors = ConfigurationCheckTests.errors((lines + second).joined(separator: "\n"))
        #expect(errors.count == 1)
        #expect(
            errors.first?.contains("entity order belongs to migration orders already on line 10; name it once") == true)
    }
}
