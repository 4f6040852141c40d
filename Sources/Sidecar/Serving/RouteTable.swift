import Migration
import WireFormat

/// What a method's calls need, found by path once a call.
struct Route {
    /// Nil for calls that no migration takes.
    let planPointer: UnsafePointer<CallPlan>?
    let keyPointer: UnsafePointer<KeyPlan>?
    /// Nil for kinds that do not write.
    let writePointer: UnsafePointer<WriteRoute>?
    /// Nil for kinds but multi queries.
    let queryPointer: UnsafePointer<QueryRoute>?
    /// Position among the counted methods.
    let counterIndex: Int
    /// Positions of the two sides among the upstreams.
    let oldUpstream: Int
    let newUpstream: Int

    func upstream(_ side: Side) -> Int { side == .old ? oldUpstream : newUpstream }
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
    init(_ configuration: Configuration) {
        var routes: [(name: String, route: Route)] = []
        var counter = 0
        for migration in configuration.migrations {
            func route(_ plan: CallPlan, _ write: WritePlan? = nil, _ query: QueryRoute? = nil) -> Route {
                Route(
                    plan, write.map { WriteRoute($0, migration: migration.name) }, query, counterIndex: counter,
                    oldUpstream: migration.oldUpstream, newUpstream: migration.newUpstream
                )
            }
            for method in migration.methods {
                routes.append((method.path, route(method.plan, method.write, method.query.map(QueryRoute.init))))
                counter += 1
            }
            let other = route(migration.otherMethods)
            for service in migration.services { routes.append(("/" + service + "/", other)) }
            counter += 1
        }
        let unmatched = configuration.passThrough.map { plan in
            let migration = configuration.migrations[plan.migrationIndex]
            return Route(
                plan, nil, nil, counterIndex: counter, oldUpstream: migration.oldUpstream,
                newUpstream: migration.newUpstream
            )
        }
        self.init(
            routes: routes,
            unmatched: unmatched
                ?? Route(
                    planPointer: nil, keyPointer: nil, writePointer: nil, queryPointer: nil, counterIndex: counter,
                    oldUpstream: 0, newUpstream: 0)
        )
    }
}

extension Route {
    /// A route with its plan in memory of its own, never freed: there is one table a process.
    fileprivate init(
        _ plan: CallPlan, _ write: WriteRoute?, _ query: QueryRoute?, counterIndex: Int, oldUpstream: Int,
        newUpstream: Int
    ) {
        self.init(
            planPointer: Self.keep(plan), keyPointer: plan.key.map(Self.keep), writePointer: write.map(Self.keep),
            queryPointer: query.map(Self.keep), counterIndex: counterIndex, oldUpstream: oldUpstream,
            newUpstream: newUpstream
        )
    }

    private static func keep<Value>(_ value: Value) -> UnsafePointer<Value> {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        memory.initialize(to: value)
        return UnsafePointer(memory)
    }
}
