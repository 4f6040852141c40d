import Testing
import WireFormat

@testable import Migration
@testable import Sidecar

/// What a configuration says about methods that write, right and wrong.
@Suite struct WriteCheckTests {
    static func text(_ method: String, in migration: String = "") -> String {
        """
        listen: 127.0.0.1:7400
        upstreams:
          a: { address: 127.0.0.1:1 }
          b: { address: 127.0.0.1:2 }
        migrations:
          orders:
            old: a
            new: b
            services: [shop.v1.Orders]
            gray_key: { path: 1, type: string }
            \(migration.isEmpty ? "gray_fallback: on" : migration)
            methods:
              \(method)
        """
    }

    static let key = "record_key: { path: 2, type: int64 }"
    static let lookUp = "look_up: { method: Get, fields: { 1: request.1, 2: request.2 } }"

    private func plan(_ text: String) throws -> WritePlan {
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        return try #require(configuration.migrations[0].methods[0].write)
    }

    @Test func everyPartIsRead() throws {
        let put =
            "put: { method: Put, fields: { 1: reply.2.1 } }, put_or_insert: { method: Place, fields: { 1: reply.2 } }"
        let plan = try plan(
            Self.text(
                "Save: { kind: upsert, \(Self.lookUp), \(put) }", in: "{KEY}\n    inserts: both\n    insert_guard: off"
            )
            .replacing("{KEY}", with: Self.key))
        #expect(plan.inserts == .both)
        #expect(!plan.guardsInserts)
        #expect(plan.recordKey == (try KeyPlan([KeyField(path: FieldPath("2"), type: .int64)])))
        #expect(plan.lookUp?.path == "/shop.v1.Orders/Get")
        #expect(plan.lookUp?.template.fields.count == 2)
        #expect(
            plan.put?.template.fields == [.init(number: 1, source: .reply, path: try FieldPath("2.1"))])
        #expect(plan.putOrInsert?.path == "/shop.v1.Orders/Place")
    }

    /// What is made of a reply is compared with the record whose lane is held, where its key is known.
    @Test func theKeyOfARequestThatIsMadeIsFound() throws {
        let put = "put: { method: Put, fields: { 1: reply.2 }"
        let change = "Change: { kind: update, \(Self.key), "
        #expect(try plan(Self.text(change + put + " } }")).put?.recordKey == nil)
        let own = try plan(Self.text(change + put + ", record_key: { path: 1.2, type: int64 } } }"))
        #expect(own.put?.recordKey == (try KeyPlan([KeyField(path: FieldPath("1.2"), type: .int64)])))
        let declared = "\n      Put: { kind: update, record_key: { path: 3, type: int64 } }"
        let named = try plan(Self.text(change + put + " } }" + declared))
        #expect(named.put?.recordKey == (try KeyPlan([KeyField(path: FieldPath("3"), type: .int64)])))
        let errors = ConfigurationCheckTests.errors(
            Self.text(change + put + ", record_key: { path: 1.2, type: string } } }"))
        #expect(errors.count == 1 && errors.first?.contains("make them alike") == true, "\(errors)")
    }

    @Test func defaultsAreTheArticlesRule() throws {
        let plan = try plan(Self.text("Add: { kind: insert, \(Self.key), \(Self.lookUp) }"))
        #expect(plan.inserts == .new)
        #expect(plan.guardsInserts)
        #expect(plan.put == nil && plan.putOrInsert == nil)
    }

    @Test(arguments: ["record_key: { path: x, type: int64 }", "record_key: { path: decide, type: int64 }"])
    func aBrokenKeyIsNamedOnce(key: String) {
        for kind in ["update", "delete", "single_query"] {
            let errors = ConfigurationCheckTests.errors(Self.text("Change: { kind: \(kind), \(key) }"))
            #expect(errors.count { $0.contains("record_key") } == 1, "\(kind): \(errors)")
        }
    }

    static let wrong: [(method: String, says: String)] = [
        (
            "Change: { kind: update }",
            "a method of kind update needs a record key; write record_key: { path: 1, type: int64 } here, or in the "
                + "migration"
        ),
        (
            "Add: { kind: insert, \(key) }",
            "old is asked for the record before new is given it; write look_up: { method: Get, fields: ... }, or "
                + "insert_guard: false in the migration where keys are unique by construction"
        ),
        (
            "Save: { kind: upsert, \(key) }",
            "an upsert needs to know whether the record is there; write look_up: { method: Get, fields: ... }"
        ),
        (
            "Change: { kind: update, \(key), put: { method: Put, fields: { 1: request.1 } } }",
            "a side is given the record of the other side's reply; take a field from reply, like reply.1"
        ),
        (
            "Save: { kind: upsert, \(key), look_up: { method: Get, fields: { 1: reply.1 } } }",
            "a look_up comes before any reply; take its fields from the request"
        ),
        (
            "Drop: { kind: delete, \(key), put_or_insert: { method: Put, fields: { 1: reply.1 } } }",
            "a delete gives no record back, so that put_or_insert does nothing; write look_up instead, by which the "
                + "delete is judged before a side is changed"
        ),
        (
            "Drop: { kind: delete, \(key), put: { method: Put, fields: { 1: reply.1 } } }",
            "a method of kind delete has no put; remove it, or write another kind"
        ),
        (
            "Change: { kind: update, \(key), put: { method: Put, fields: { 1: answer.1 } } }",
            "\"answer.1\" does not say where the field comes from; write request.1 or reply.1"
        ),
        (
            "Change: { kind: update, \(key), put: { method: Put, fields: { x: reply.1 } } }",
            "\"x\" is no field number; write the number of a field of the request that is made"
        ),
        (
            "Change: { kind: update, \(key), put: { method: \"Put it\", fields: { 1: reply.1 } } }",
            "\"Put it\" is no method name; write Get, or the full name package.Service/Get"
        ),
        (
            "Change: { kind: update, \(key), put: { method: Put, fields: {} } }",
            "fields is empty; write where each field comes from, like { 1: request.1 }"
        ),
        (
            "Change: { kind: update, \(key), put: { fields: { 1: reply.1 } } }",
            "key \"method\" is missing; write method: the method that is called"
        ),
    ]

    @Test(arguments: wrong) func wrongOnesAreNamed(_ method: String, _ says: String) {
        let errors = ConfigurationCheckTests.errors(Self.text(method))
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("s.yaml:13: migrations.orders.methods.") == true)
        #expect(errors.first?.hasSuffix(says) == true, "\(errors)")
    }

    static let newKey = "new_gray_key: { path: 3, type: string }"
    static let place = "put_or_insert: { method: Place, fields: { 1: reply.1 } }"
    static let erase = "erase: { method: Drop, fields: { 1: request.2 } }"

    @Test func newGrayKeysAreRead() throws {
        let text = Self.text("Move: { kind: update, \(Self.key), \(Self.newKey), \(Self.place), \(Self.erase) }")
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        let method = configuration.migrations[0].methods[0]
        let expected = try KeyPlan([KeyField(path: FieldPath("3"), type: .string, presence: .required)])
        #expect(method.write?.newGrayKey == expected && method.write?.erase?.path == "/shop.v1.Orders/Drop")
        #expect(method.write?.isGrayKeyImmutable == false && !method.plan.isAlwaysRead)
    }

    @Test func immutableKeysNeedNoWayToMove() throws {
        let text = Self.text(
            "Move: { kind: update, \(Self.key), \(Self.newKey) }\n      Get: { kind: single_query }",
            in: "immutable_gray_key: on")
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        let methods = configuration.migrations[0].methods
        #expect(methods[0].write?.isGrayKeyImmutable == true)
        #expect(methods.map(\.plan.isAlwaysRead) == [true, false])
    }

    static let wrongChanges: [(method: String, migration: String, says: String)] = [
        (
            "Move: { kind: update, \(key), \(newKey) }", "",
            "a record with another gray key may belong to another side; write put_or_insert and erase too, or "
                + "immutable_gray_key: on in the migration"
        ),
        (
            "Move: { kind: update, \(key), \(newKey), \(place) }", "",
            "a record with another gray key may belong to another side; write erase too, or immutable_gray_key: on in "
                + "the migration"
        ),
        (
            "Move: { kind: update, \(key), \(erase) }", "",
            "an update takes a record from a side only when it changes the gray key; write new_gray_key too, or remove "
                + "this"
        ),
        (
            "Move: { kind: update, record_key: { path: 1, type: string }, \(newKey), \(place), \(erase) }", "",
            "the gray key is a part of the record key, so that a change of it makes another record; remove "
                + "new_gray_key, or a part of record_key"
        ),
        (
            "Move: { kind: update, \(key), new_gray_key: { path: 3, type: int64 }, \(place), \(erase) }", "",
            "this key is made of (integer), other keys of the migration of (text); make them alike"
        ),
        (
            "Save: { kind: upsert, \(key), \(lookUp), \(newKey) }", "",
            "a method of kind upsert has no new_gray_key; remove it, or write another kind"
        ),
        (
            "Change: { kind: update, \(key) }", "immutable_gray_key: on",
            "no method says where its request has a new gray key, so that none can be refused; write new_gray_key: "
                + "{ path: 3, type: string } in the updates that take one, or remove this"
        ),
    ]

    @Test(arguments: wrongChanges) func wrongChangesOfGrayKeysAreNamed(
        _ method: String, _ migration: String, _ says: String
    ) {
        let errors = ConfigurationCheckTests.errors(Self.text(method, in: migration))
        #expect(errors.count == 1 && errors.first?.hasSuffix(says) == true, "\(errors)")
    }

    @Test func severalRecordsAreReadAndWarnedOf() throws {
        func configuration(_ keys: String) throws -> Configuration {
            let text = Self.text("Many: { kind: update, element: 5, \(Self.key)\(keys) }")
            return try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        }
        let one = try configuration("")
        #expect(one.migrations[0].methods[0].write?.element == ElementPlan(field: 5, grayKey: nil))
        #expect(one.warnings.count == 1 && one.warnings[0].description.contains("(several-records)"))
        let own = try configuration(", gray_key: { path: 7, type: string }").migrations[0].methods[0].write?.element
        #expect(own?.field == 5 && own?.grayKey?[0].path.description == "7")
        #expect(one.migrations[0].methods[0].write?.means.procedure(.update, at: .dualOld) == nil)
    }

    @Test(arguments: [
        (
            "element: 5, put: { method: Put, fields: { 1: reply.1 } }",
            "a method with element writes several records, and on one side only; remove this"
        ),
        ("element: 5, \(newKey)", "a method with element cannot have a new_gray_key; remove one of the two"),
        ("element: 0", "0 is out of range; write 1 to 536870911"),
    ]) func wrongElementsAreNamed(_ keys: String, _ says: String) {
        let errors = ConfigurationCheckTests.errors(Self.text("Many: { kind: update, \(Self.key), \(keys) }"))
        #expect(errors.count == 1 && errors.first?.contains(says) == true, "\(errors)")
    }

    @Test func recordKeysOfOneMigrationAreAlike() {
        let errors = ConfigurationCheckTests.errors(
            Self.text("Change: { kind: update, record_key: { path: 2, type: string } }", in: Self.key))
        #expect(errors.count == 1)
        #expect(errors.first?.contains("make them alike") == true, "\(errors)")
    }
}
