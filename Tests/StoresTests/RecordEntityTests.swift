import Testing

@testable import Stores

@Suite struct RecordEntityTests {
    private static let fields: [RecordEntity.Field] = [
        .init(name: "id", type: .int64), .init(name: "store", type: .text), .init(name: "weight", type: .double),
        .init(name: "version", type: .int64),
    ]

    @Test func fieldsWithoutAPlaceOfTheirOwn() throws {
        let entity = try RecordEntity(
            name: "orders", fields: Self.fields, key: ["store", "id"], grayKey: "store", version: "version")
        #expect(entity.key == [1, 0])
        #expect(entity.grayKey == 1)
        #expect(entity.version == 3)
        #expect(entity.others == [2])
    }

    @Test(
        arguments: [
            (["none"], "store", nil, "the record key names none, which is no field; write one of id, store"),
            ([], "store", nil, "a record key has 1 to 4 fields, found 0"),
            (["id", "id"], "store", nil, "a field stands twice in the record key"),
            (["weight"], "store", nil, "weight cannot be in the record key"),
            (["id"], "weight", nil, "weight cannot be in the gray key"),
            (["id"], "none", nil, "the gray key names none"),
            (["id"], "store", "store", "the version store is of type text; it must be int64"),
            (["id"], "store", "none", "the version names none"),
            (["id"], "store", "id", "id is the version, so that it cannot be a key too"),
        ] as [([String], String, String?, String)])
    func whatIsNoEntity(key: [String], grayKey: String, version: String?, words: String) throws {
        let fault = try #require(throws: RecordEntity.Fault.self) {
            _ = try RecordEntity(name: "orders", fields: Self.fields, key: key, grayKey: grayKey, version: version)
        }
        #expect(fault.description.hasPrefix(words), "\(fault.description)")
    }

    @Test(arguments: [
        ("weight", ColumnStorage.seconds, "weight is of type double; a column of type double is not stored so"),
        ("id", .text, "id is of type int64; a column of type int64 is not stored so"),
    ])
    func aStorageThatDoesNotFit(field: String, storage: ColumnStorage, words: String) throws {
        let entity = try RecordEntity(name: "orders", fields: Self.fields, key: ["id"], grayKey: "store")
        let columns = Self.fields.map {
            StoreConfiguration.Column(name: $0.name, storage: $0.name == field ? storage : .plain)
        }
        let fault = try #require(throws: StoreConfiguration.Fault.self) {
            _ = try StoreConfiguration(path: "x.db", entity: entity, table: "orders", columns: columns)
        }
        #expect(fault.description == words)
    }
}
