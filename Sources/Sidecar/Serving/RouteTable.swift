import Migration
import Stores
import WireFormat

/// What a method's calls need, found by path once a call.
struct Route {
    /// Nil for calls that no migration takes.
    let planPointer: UnsafePointer<CallPlan>?
    let keyPointer: UnsafePointer<KeyPlan>?
    /// Where a single query or a write names its record; nil where it does not say.
    var recordKeyPointer: UnsafePointer<KeyPlan>?
    /// Nil for kinds that do not write.
    let writePointer: UnsafePointer<WriteRoute>?
    /// Nil for kinds but multi queries.
    let queryPointer: UnsafePointer<QueryRoute>?
    /// Nil where the sides are services of the user's own.
    let recordsPointer: UnsafePointer<RecordsRoute>?
    /// Of a path of the Records service: the routes behind it, by entity; all else is nil then.
    let entitiesPointer: UnsafePointer<EntityRoutes>?
    /// Position among the counted methods.
    let counterIndex: Int
    /// Positions of the two sides among the upstreams.
    let oldUpstream: Int
    let newUpstream: Int

    func upstream(_ side: Side) -> Int { side == .old ? oldUpstream : newUpstream }

    var hasRecordKey: Bool { recordKeyPointer != nil }
}

/// From the path of a request to its route: open addressing on FNV-1a of the path's bytes, immutable, shared by all
/// workers.
///
/// A path that no method declares is looked up by its service; a service that no migration names has the route of
/// last resort. So that clients cannot make it grow, all such calls share one route each.
struct RouteTable: ~Copyable, @unchecked Sendable {
    private struct Slot {
        var hash: UInt64 = 0
        var name = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        var route: UnsafePointer<Route>?
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int
    private let unmatched: UnsafePointer<Route>

    /// `routes` by name: `/Service/Method` for a method, `/Service/` for all others of a service.
    init(routes: [(name: String, route: Route)], unmatched: Route) {
        var capacity = 16
        while capacity < routes.count * 2 { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(), count: capacity)
        self.unmatched = Self.allocate(unmatched)
        for (name, route) in routes { insert(name, route) }
    }

    deinit {
        for index in 0...mask {
            guard let route = slots[index].route else { continue }
            route.deallocate()
            slots[index].name.deallocate()
        }
        slots.deallocate()
        unmatched.deallocate()
    }

    /// The route of a call that no migration takes.
    var unmatchedRoute: UnsafePointer<Route> { unmatched }

    func route(for path: UnsafeBufferPointer<UInt8>) -> UnsafePointer<Route> {
        if let route = find(path) { return route }
        guard let last = path.lastIndex(of: UInt8(ascii: "/")) else { return unmatched }
        return find(UnsafeBufferPointer(rebasing: path[...last])) ?? unmatched
    }

    private func find(_ name: UnsafeBufferPointer<UInt8>) -> UnsafePointer<Route>? {
        let hash = Self.hash(name)
        var index = Int(truncatingIfNeeded: hash) & mask
        while let route = slots[index].route {
            if slots[index].hash == hash, Self.equal(slots[index].name, name) { return route }
            index = (index + 1) & mask
        }
        return nil
    }

    private func insert(_ name: String, _ route: Route) {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(name.utf8.count, 1))
        _ = bytes.initialize(from: name.utf8)
        let kept = UnsafeBufferPointer(rebasing: bytes[..<name.utf8.count])
        let hash = Self.hash(kept)
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].route != nil { index = (index + 1) & mask }
        slots[index] = Slot(hash: hash, name: kept, route: Self.allocate(route))
    }

    private static func allocate(_ route: Route) -> UnsafePointer<Route> {
        let pointer = UnsafeMutablePointer<Route>.allocate(capacity: 1)
        pointer.initialize(to: route)
        return UnsafePointer(pointer)
    }

    private static func equal(_ one: UnsafeBufferPointer<UInt8>, _ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard one.count == other.count else { return false }
        for index in 0..<one.count where one[index] != other[index] { return false }
        return true
    }

    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash
    }
}

extension RouteTable {
    /// The routes of a configuration. The counted methods are, in this order: for each migration its methods and then
    /// `(other)`; last the calls that no migration takes.
    init(_ configuration: Configuration, stores: RecordStores) {
        var routes: [(name: String, route: Route)] = []
        var entities: [String: [(entity: [UInt8], route: UnsafePointer<Route>)]] = [:]
        var counter = 0
        for (index, migration) in configuration.migrations.enumerated() {
            for method in migration.methods {
                let route = Route(method, of: migration, counterIndex: counter, stores: stores, index: index)
                if let records = migration.records {
                    entities[method.path, default: []].append((Array(records.entity.name.utf8), Route.keep(route)))
                } else {
                    routes.append((method.path, route))
                }
                counter += 1
            }
            let other = Route(migration.otherMethods, of: migration, counterIndex: counter)
            for service in migration.services { routes.append(("/" + service + "/", other)) }
            counter += 1
        }
        for (path, found) in entities {
            routes.append((path, Route(entities: EntityRoutes(routes: found), counterIndex: counter)))
        }
        let unmatched = configuration.passThrough.map { plan in
            Route(plan, of: configuration.migrations[plan.migrationIndex], counterIndex: counter)
        }
        self.init(routes: routes, unmatched: unmatched ?? Route(counterIndex: counter))
    }
}

extension Route {
    /// The route of calls that no migration takes.
    init(counterIndex: Int) {
        self.init(
            planPointer: nil, keyPointer: nil, writePointer: nil, queryPointer: nil, recordsPointer: nil,
            entitiesPointer: nil, counterIndex: counterIndex, oldUpstream: 0, newUpstream: 0)
    }

    /// The route of a path of the Records service.
    fileprivate init(entities: EntityRoutes, counterIndex: Int) {
        self.init(
            planPointer: nil, keyPointer: nil, writePointer: nil, queryPointer: nil, recordsPointer: nil,
            entitiesPointer: Self.keep(entities), counterIndex: counterIndex, oldUpstream: 0, newUpstream: 0)
    }

    fileprivate init(_ plan: CallPlan, of migration: MigrationConfiguration, counterIndex: Int) {
        self.init(
            planPointer: Self.keep(plan), keyPointer: nil, writePointer: nil, queryPointer: nil, recordsPointer: nil,
            entitiesPointer: nil, counterIndex: counterIndex, oldUpstream: migration.oldUpstream,
            newUpstream: migration.newUpstream)
    }

    fileprivate init(
        _ method: MethodConfiguration, of migration: MigrationConfiguration, counterIndex: Int, stores: RecordStores,
        index: Int
    ) {
        var records: RecordsRoute?
        if let configured = migration.records, let operation = StoreOperation(method: method.name),
            let old = stores.store(.old, migration: index), let new = stores.store(.new, migration: index)
        {
            records = RecordsRoute(
                operation: operation, many: configured.many, grayFallback: migration.grayFallback,
                check: RequestCheck(old: old, new: new), notFound: configured.entity.notFound)
        }
        self.init(
            planPointer: Self.keep(method.plan), keyPointer: method.plan.key.map(Self.keep),
            writePointer: method.write.map {
                Self.keep(
                    WriteRoute(
                        $0, migration: migration.name, entities: migration.entities, absent: migration.absent(of:)))
            },
            queryPointer: method.query.map { Self.keep(QueryRoute($0)) }, recordsPointer: records.map(Self.keep),
            entitiesPointer: nil, counterIndex: counterIndex, oldUpstream: migration.oldUpstream,
            newUpstream: migration.newUpstream)
        recordKeyPointer = (method.write?.recordKey ?? method.plan.recordKey).map(Self.keep)
    }

    /// In memory of its own, never freed: there is one table a process.
    fileprivate static func keep<Value>(_ value: Value) -> UnsafePointer<Value> {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        memory.initialize(to: value)
        return UnsafePointer(memory)
    }
}
