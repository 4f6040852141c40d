/// Everything that is bounded in a store.
package struct StoreLimits: Sendable, Equatable {
    /// Connections and threads that read.
    package var readers = 2
    /// Operations that wait, for reading and for writing each; more are answered RESOURCE_EXHAUSTED.
    package var waiting = 1_000
    /// How long a lock that another process holds is waited for, at most until the operation's deadline.
    package var busyNanoseconds: UInt64 = 2_000_000_000
    /// Prepared statements kept by a connection; when there are more, all are dropped.
    package var statements = 256
    /// A page ends with the record that makes it longer than this.
    package var pageBytes = 2 << 20

    package init() {}
}

/// Bounds on what a request may ask for; part of the Records service's description.
enum RequestLimits {
    static let keys = 1_000
    static let orderFields = 8
    static let pageRecords = 1_000
    static let defaultPageRecords = 100
    static let filterDepth = 16
    static let filterConditions = 256
    static let filterValues = 1_000
    static let textBytesInWords = 60
}
