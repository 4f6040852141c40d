import Migration
import Stores

/// Where the records of an entity are, for one method of the Records service.
struct RecordsRoute {
    /// What a store is asked for the client's own call.
    let operation: StoreOperation
    let many: ManyPlan
    /// At `dualNew`, whether old is asked for what new does not have.
    let grayFallback: Bool
    /// Nil where the side is a Records service itself.
    let old: SQLiteStore?
    let new: SQLiteStore?

    func store(_ side: Side) -> SQLiteStore? { side == .old ? old : new }
}

/// The routes of one path of the Records service, by entity.
struct EntityRoutes {
    /// Few: a linear search.
    let routes: [(entity: [UInt8], route: UnsafePointer<Route>)]

    func route(of entity: UnsafeRawBufferPointer) -> UnsafePointer<Route>? {
        routes.first { $0.entity.elementsEqual(entity) }?.route
    }

    var names: String { routes.map { String(decoding: $0.entity, as: UTF8.self) }.joined(separator: ", ") }
}
