/// The records of one entity in a table of some database: one side of a migration, as whoever asks it sees it.
///
/// Asked from any thread. It keeps the deadline of what it is asked itself, and knows whether a write that it gave up
/// has changed anything; what a write was answered is seen by every request that comes after it. Each kind of database
/// has a folder with its own store, and nothing outside that folder names it (`StoreConfiguration.open`).
package protocol Store: AnyObject, Sendable {
    /// Stays as it is.
    var configuration: StoreConfiguration { get }
    /// What is known just now of the columns of the entity's fields; a change beside the sidecar may alter it.
    var columns: [ColumnTraits] { get }
    /// Why everything that is asked is refused, in words that say what to do; nil while nothing is, and once the store
    /// is closed.
    var problem: String? { get }

    /// Does what is asked, and calls `completion` with its reply on a thread of the store; at once and on the caller's
    /// thread where nothing more is taken.
    func perform(_ request: StoreRequest, _ completion: @escaping @Sendable (StoreReply) -> Void)
    /// What the table is made of now. Nil where it cannot be read just now. Takes its time.
    func shape() -> TableShape?
    /// Nothing is taken any more; what it was asked before is still done. Returns at once.
    func fence()
    /// Ends it. What it was asked and has not begun is answered so, and is not begun; what waits for a lock of another
    /// process gives up without effect. Returns when nothing is under way; a second call does nothing.
    func close()
}

/// What a store is asked.
package struct StoreRequest: Sendable {
    let operation: StoreOperation
    let message: [UInt8]
    let deadline: UInt64
    let cancellation: StoreCancellation?
    let follower: (any Store)?

    /// - Parameters:
    ///   - message: what the operation takes.
    ///   - deadline: on the monotonic clock, in nanoseconds. Once it has passed, the operation is not begun, or given
    ///     up without effect: DEADLINE_EXCEEDED.
    ///   - cancellation: gives up what changes no records, begun or not: CANCELLED. Writes are not given up.
    ///   - follower: is given the record next, and may be of another kind: an update or an upsert is rolled back where
    ///     it could not hold the record as it is then (`StoreReply.isMisfit`).
    package init(
        _ operation: StoreOperation, message: [UInt8], deadline: UInt64, cancellation: StoreCancellation? = nil,
        follower: (any Store)? = nil
    ) {
        self.operation = operation
        self.message = message
        self.deadline = deadline
        self.cancellation = operation.changesRecords ? nil : cancellation
        self.follower = follower
    }
}

/// Why a store cannot be used as configured, in words that say what to do.
package struct StoreOpeningFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
