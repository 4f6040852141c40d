import Migration
import Testing

@testable import Sidecar

@Suite struct CountedNamesTests {
    /// The positions must be those that the route table hands out.
    @Test func namesStandInTheOrderOfTheRoutes() throws {
        let text = """
            upstreams:
              a: { address: 127.0.0.1:1 }
              b: { address: 127.0.0.1:2 }
            pass_through: stock
            migrations:
              orders:
                old: a
                new: b
                services: [shop.v1.Orders, shop.v1.Baskets]
                gray_key: { path: 1, type: string }
                methods:
                  shop.v1.Orders/Get: { kind: single_query }
                  shop.v1.Baskets/Get: { kind: single_query }
              stock:
                old: b
                new: a
                services: [shop.v1.Stock]
            """
        let configuration = try Configuration.parse(text, file: "switchover.yaml")
        let names = CountedNames(configuration)
        let table = RouteTable(configuration, stores: try RecordStores(configuration))
        #expect(names.upstreams == ["a", "b"])
        #expect(names.migrations == ["orders", "stock"])
        let expected: [(path: String, migration: String, name: String, kind: CallKind)] = [
            ("/shop.v1.Orders/Get", "orders", "shop.v1.Orders/Get", .singleQuery),
            ("/shop.v1.Baskets/Get", "orders", "shop.v1.Baskets/Get", .singleQuery),
            ("/shop.v1.Orders/Put", "orders", "(other)", .passThrough),
            ("/shop.v1.Baskets/Whatever", "orders", "(other)", .passThrough),
            ("/shop.v1.Stock/Get", "stock", "(other)", .passThrough),
            ("/other.Service/Get", "stock", "(unmatched)", .passThrough),
            ("garbage", "stock", "(unmatched)", .passThrough),
        ]
        for (path, migration, name, kind) in expected {
            let index = Array(path.utf8).withUnsafeBufferPointer { table.route(for: $0).pointee.counterIndex }
            #expect(names.methods[index] == .init(migration: migration, name: name, kind: kind), "\(path)")
        }
        #expect(names.methods.count == 5)
    }
}
