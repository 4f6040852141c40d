import Foundation
import SwitchoverClient

/// One of several clients that shop at the same time: it reads any order, and writes those that are its own, so that
/// the log alone says what an order must look like.
struct Shopper {
    /// Attempts of one kind among a hundred.
    private enum Kind: CaseIterable {
        case get, getWithoutStore, getMany, ofStore, update, insert, upsert, delete

        var share: Int {
            switch self {
            case .get: 48
            case .getWithoutStore: 4
            case .getMany: 6
            case .ofStore: 8
            case .update: 20
            case .insert: 6
            case .upsert: 6
            case .delete: 2
            }
        }
    }

    private static let pause = Duration.milliseconds(3)

    private let orders: Records<Order>
    private let catalogue: Catalogue
    private let log: CallLog
    private var own: [Order]
    private var nextID: Int64
    private var generator: SplitMix64

    /// - Parameter number: of this shopper; new orders get identifiers in a range of its own.
    init(
        _ number: Int, seed: UInt64, orders: Records<Order>, own: [Order], catalogue: Catalogue, log: CallLog
    ) {
        self.orders = orders
        self.own = own
        self.catalogue = catalogue
        self.log = log
        nextID = 90_000_000_000 + Int64(number) * 1_000_000
        generator = SplitMix64(state: seed &+ UInt64(number))
    }

    mutating func shop(until isOver: @Sendable () -> Bool) async throws {
        while !isOver() {
            try await act(kind())
            try await Task.sleep(for: Self.pause)
        }
    }

    private mutating func kind() -> Kind {
        var dice = Int.random(in: 0..<100, using: &generator)
        for kind in Kind.allCases {
            dice -= kind.share
            if dice < 0 { return kind }
        }
        return .get
    }

    private mutating func act(_ kind: Kind) async throws {
        switch kind {
        case .get: try await get(knowsStore: true)
        case .getWithoutStore: try await get(knowsStore: false)
        case .getMany: try await getMany()
        case .ofStore: try await ofStore()
        case .update: try await update()
        case .insert: try await insert()
        case .upsert: try await upsert()
        case .delete: try await delete()
        }
    }

    // MARK: - Reading

    private mutating func get(knowsStore: Bool) async throws {
        let entry = catalogue.random(using: &generator)
        let store = knowsStore ? entry.store : nil
        try await logged("get", order: entry.id) { noted in
            noted.revision = try await orders.get(RecordKey(entry.id), grayKey: store)?.revision
        }
    }

    private mutating func getMany() async throws {
        let asked = (0..<5).map { _ in catalogue.random(using: &generator).id }
        try await logged("getMany") { noted in
            noted.asked = asked
            noted.rows = try await orders.getMany(asked.map { RecordKey($0) }).map { [$0.id, $0.revision] }
        }
    }

    private mutating func ofStore() async throws {
        let store = catalogue.random(using: &generator).store
        try await logged("ofStore", store: store) { noted in
            noted.rows = try await Self.rows(
                orders.query(orderBy: [.descending("created_at")], grayKey: store, pageSize: 20))
        }
    }

    /// All orders of all stores, page by page, over and over.
    static func walk(_ orders: Records<Order>, log: CallLog, until isOver: @Sendable () -> Bool) async throws {
        while !isOver() {
            try await logged("walk", log: log) { noted in
                noted.rows = try await rows(orders.query(orderBy: [.ascending("total")], pageSize: 100))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func rows(_ found: some AsyncSequence<Order, any Error>) async throws -> [[Int64]] {
        var rows: [[Int64]] = []
        for try await order in found { rows.append([order.id, order.revision]) }
        return rows
    }

    // MARK: - Writing

    private mutating func update() async throws {
        guard let place = own.indices.randomElement(using: &generator) else { return }
        var order = own[place]
        order.revision += 1
        order.status = ["packed", "sent", "delivered"].randomElement(using: &generator)
        let grayKey = Bool.random(using: &generator) ? order.store : nil
        let (id, revision, status) = (order.id, order.revision, order.status)
        let isDone = try await logged("update", order: id) { noted in
            let updated = try await orders.update(
                RecordKey(id), grayKey: grayKey, set: ["revision": revision, "status": status])
            noted.revision = updated.revision
        }
        keep(isDone ? order : nil, at: place)
    }

    private mutating func insert() async throws {
        let order = newOrder()
        let isDone = try await logged("insert", order: order.id, store: order.store) { noted in
            try await orders.insert(order)
            noted.revision = order.revision
        }
        guard isDone else { return }
        own.append(order)
        catalogue.add(order)
    }

    /// Of an order that is there already, or of one that is not.
    private mutating func upsert() async throws {
        let place = Bool.random(using: &generator) ? own.indices.randomElement(using: &generator) : nil
        var order = place.map { own[$0] } ?? newOrder()
        if place != nil { order.revision += 1 }
        let upserted = order
        let isDone = try await logged("upsert", order: order.id, store: order.store) { noted in
            try await orders.upsert(upserted)
            noted.revision = upserted.revision
        }
        if let place { return keep(isDone ? order : nil, at: place) }
        guard isDone else { return }
        own.append(order)
        catalogue.add(order)
    }

    private mutating func delete() async throws {
        guard let place = own.indices.randomElement(using: &generator) else { return }
        let order = own.remove(at: place)
        catalogue.remove(order.id)
        try await logged("delete", order: order.id) { _ in
            try await orders.delete(RecordKey(order.id), grayKey: order.store)
        }
    }

    /// What became of an order whose write failed is for the verdict to find out; nobody writes it again.
    private mutating func keep(_ order: Order?, at place: Int) {
        if let order { own[place] = order } else { own.remove(at: place) }
    }

    private mutating func newOrder() -> Order {
        nextID += 1
        let cents = Int.random(in: 50...20_000, using: &generator)
        return Order(
            id: nextID, store: catalogue.stores.randomElement(using: &generator) ?? "406", household: 1,
            items: Int64.random(in: 1...12, using: &generator), total: Decimal(cents) / 100,
            createdAt: Date(timeIntervalSince1970: 1_514_764_800 + Double(nextID % 1_000_000)), status: "open",
            revision: 1)
    }

    // MARK: - The log

    @discardableResult
    private func logged(
        _ kind: String, order: Int64? = nil, store: String? = nil,
        _ body: (inout CallLog.Entry) async throws -> Void
    ) async throws -> Bool {
        try await Self.logged(kind, order: order, store: store, log: log, body)
    }

    /// False when the call failed.
    @discardableResult
    private static func logged(
        _ kind: String, order: Int64? = nil, store: String? = nil, log: CallLog,
        _ body: (inout CallLog.Entry) async throws -> Void
    ) async throws -> Bool {
        var entry = CallLog.Entry(kind: kind, from: CallLog.now, order: order, store: store)
        do {
            try await body(&entry)
        } catch {
            entry.failed = "\(error)"
        }
        entry.to = CallLog.now
        try log.note(entry)
        return entry.failed == nil
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
