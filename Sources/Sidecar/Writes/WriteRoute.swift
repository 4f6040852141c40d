import Migration
import WireFormat

/// What a worker needs of a method that writes; made once, never freed: there is one table of routes a process.
struct WriteRoute {
    /// A request that the sidecar makes, with its path in memory that streams may refer to for good.
    struct Derived {
        let path: UnsafeBufferPointer<UInt8>
        let template: MessageTemplate
        /// Where it names its record; nil where that is not known.
        let recordKey: KeyPlan?
        /// The status by which that method says that there is no such record.
        let absent: GRPCStatus

        init(_ request: DerivedRequest, absent: GRPCStatus) {
            self.absent = absent
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(request.path.utf8.count, 1))
            _ = memory.initialize(from: request.path.utf8)
            path = UnsafeBufferPointer(rebasing: memory[..<request.path.utf8.count])
            template = request.template
            recordKey = request.recordKey
        }
    }

    /// The migration's name, and its entities'.
    let migration: String
    let entities: [String]
    let plan: WritePlan
    let means: WriteMeans
    let lookUp: Derived?
    let put: Derived?
    let putOrInsert: Derived?
    let erase: Derived?

    /// - Parameter absent: what a method says of a record that is not there, by the `:path`.
    init(_ plan: WritePlan, migration: String, entities: [String], absent: (String) -> GRPCStatus) {
        func derived(_ request: DerivedRequest?) -> Derived? { request.map { Derived($0, absent: absent($0.path)) } }
        self.migration = migration
        self.entities = entities
        self.plan = plan
        means = plan.means
        lookUp = derived(plan.lookUp)
        put = derived(plan.put)
        putOrInsert = derived(plan.putOrInsert)
        erase = derived(plan.erase)
    }
}
