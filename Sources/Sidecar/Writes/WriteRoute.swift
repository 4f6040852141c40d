import Migration
import WireFormat

/// What a worker needs of a method that writes; made once, never freed: there is one table of routes a process.
struct WriteRoute {
    /// A request that the sidecar makes, with its path in memory that streams may refer to for good.
    struct Derived {
        let path: UnsafeBufferPointer<UInt8>
        let template: MessageTemplate

        init(_ request: DerivedRequest) {
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(request.path.utf8.count, 1))
            _ = memory.initialize(from: request.path.utf8)
            path = UnsafeBufferPointer(rebasing: memory[..<request.path.utf8.count])
            template = request.template
        }
    }

    /// The migration's name.
    let migration: String
    let plan: WritePlan
    let lookUp: Derived?
    let put: Derived?
    let putOrInsert: Derived?
    let erase: Derived?

    init(_ plan: WritePlan, migration: String) {
        self.migration = migration
        self.plan = plan
        lookUp = plan.lookUp.map(Derived.init)
        put = plan.put.map(Derived.init)
        putOrInsert = plan.putOrInsert.map(Derived.init)
        erase = plan.erase.map(Derived.init)
    }
}
