import Synchronization

/// By which whoever has asked a store for something says that nobody waits for the answer any more. May be used from
/// any thread.
package final class StoreCancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package func cancel() { flag.store(true, ordering: .relaxed) }

    var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
