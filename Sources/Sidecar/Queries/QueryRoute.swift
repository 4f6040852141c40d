import Migration
import WireFormat

/// What a worker needs of a method that finds many records; made once, never freed.
struct QueryRoute {
    let plan: MultiQueryPlan
    /// Sides whose failure leaves a partial answer.
    let mayMiss: SideSet
    /// The path of the look-up's method, in memory that streams may refer to for good.
    let lookUpPath: UnsafeBufferPointer<UInt8>?

    init(_ configuration: MultiQueryConfiguration) {
        plan = configuration.plan
        mayMiss = configuration.mayMiss
        lookUpPath = configuration.plan.lookUp.map { lookUp in
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(lookUp.method.utf8.count, 1))
            _ = memory.initialize(from: lookUp.method.utf8)
            return UnsafeBufferPointer(rebasing: memory[..<lookUp.method.utf8.count])
        }
    }
}
