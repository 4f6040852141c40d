import Migration
import Testing

@testable import Sidecar

/// Of which entity a method's records are: said, or found out from what the configuration names anyway.
@Suite struct EntityCheckTests {
    private static func text(_ methods: String, in migration: String = "gray_fallback: on") -> String {
        """
        listen: 127.0.0.1:7400
        upstreams:
          a: { address: 127.0.0.1:1 }
          b: { address: 127.0.0.1:2 }
        migrations:
          orders:
            old: a
            new: b
            services: [a.Orders, a.Customers, a.Finder]
            gray_key: { path: 1, type: string }
            \(migration)
            methods:
              \(methods.replacing("\n", with: "\n      "))
        """
    }

    private static let key = "record_key: { path: 2, type: int64 }"
    private static let word = "record_key: { path: 2, type: string }"

    private struct Found: Equatable {
        let entities: [String]
        let methods: [Int]
        let warnings: Int
    }

    private func found(_ text: String) throws -> Found {
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        let migration = configuration.migrations[0]
        return Found(
            entities: migration.entities, methods: migration.methods.map(\.plan.entityIndex),
            warnings: configuration.warnings.count { $0.description.contains("entity: NAME") })
    }

    static let right: [(methods: String, migration: String, entities: [String], of: [Int], warnings: Int)] = [
        ("a.Orders/Change: { kind: update, \(key) }", "inserts: new", ["a.Orders"], [0], 0),
        (
            "a.Orders/Change: { kind: update, \(key) }\na.Customers/Change: { kind: update, \(word) }", "inserts: new",
            ["a.Orders", "a.Customers"], [0, 1], 1
        ),
        // One asks the other for its records.
        (
            "a.Finder/Get: { kind: single_query, \(key) }\na.Orders/Add: { kind: insert, \(key), look_up: "
                + "{ method: a.Finder/Get, fields: { 1: request.1 } } }", "inserts: new", ["a.Orders"], [0, 0], 0
        ),
        (
            "a.Orders/Change: { kind: update, \(key), put: { method: a.Finder/Put, fields: { 1: reply.2 } } }\n"
                + "a.Finder/Get: { kind: single_query, \(key) }", "inserts: new", ["a.Orders"], [0, 0], 0
        ),
        // Nobody writes.
        (
            "a.Orders/Get: { kind: single_query, \(key) }\na.Customers/Get: { kind: single_query, \(key) }",
            "inserts: new", ["a.Orders", "a.Customers"], [0, 1], 0
        ),
        // Said.
        (
            "a.Orders/Change: { kind: update, \(key) }\na.Finder/Get: { kind: single_query, \(key) }", "entity: order",
            ["order"], [0, 0], 0
        ),
        (
            "a.Orders/Change: { kind: update, \(key), entity: o }\n"
                + "a.Orders/Rename: { kind: update, \(word), entity: c }\n"
                + "a.Finder/Get: { kind: single_query, \(key), entity: o }",
            "inserts: new", ["o", "c"], [0, 1, 0], 0
        ),
    ]

    @Test(arguments: right) func entitiesAreFound(
        _ methods: String, _ migration: String, _ entities: [String], _ of: [Int], _ warnings: Int
    ) throws {
        let found = try found(Self.text(methods, in: migration))
        #expect(found == Found(entities: entities, methods: of, warnings: warnings))
    }

    static let wrong: [(methods: String, says: String)] = [
        (
            "a.Orders/Add: { kind: insert, \(key), entity: o, look_up: "
                + "{ method: a.Finder/Get, fields: { 1: request.1 } } }\na.Finder/Get: { kind: single_query, \(key) }",
            "look_up asks a.Finder/Get about records of the entity o, and that method is one of a.Finder; write "
                + "entity: o there too"
        ),
        (
            "a.Orders/Change: { kind: update, \(key) }\na.Orders/Rename: { kind: update, \(word) }",
            "this key is made of (text), other keys of the migration of (integer); make them alike"
        ),
        (
            "a.Orders/Change: { kind: update, \(key), entity: o }\n"
                + "a.Orders/Rename: { kind: update, \(word), entity: o }\n"
                + "a.Orders/Set: { kind: update, \(word), entity: p }",
            "this key is made of (text), other keys of the entity o of (integer); make them alike"
        ),
        (
            "a.Orders/Change: { kind: update, \(key), entity: \"\" }",
            "the name is empty; write what the records are, like orders"
        ),
        (
            "a.Orders/Ping: { kind: pass_through, effect: read, entity: o }",
            "a method of kind pass_through has no entity; remove it, or write another kind"
        ),
    ]

    @Test(arguments: wrong) func whatCannotBeIsNamed(_ methods: String, _ says: String) {
        let errors = ConfigurationCheckTests.errors(Self.text(methods))
        #expect(errors.count { $0.hasSuffix(says) } == 1, "\(errors)")
    }
}
