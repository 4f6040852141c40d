import Synchronization

/// temporary
package struct WorkerCounters: Sendable {
    package enum Counter: Int, CaseIterable {
        case clientConnectionsAccepted, clientConnectionsRefused, clientConnectionsClosed
        case upstreamConnectionsOpened, upstreamConnectionsClosed, connectFailures
        case queuedCalls, retries, resetsSent, resetsPaced, clientCancellations
        case unmigratedReads, absentFallbacks, refusals, protocolErrors, floodsClosed
        case clientBytesReceived, clientBytesSent, upstreamBytesReceived, upstreamBytesSent
    }
    package init() {}
    func add(_ counter: Counter, _ n: UInt64 = 1) {}
    func callStarted(method: Int) {}
    func callFinished(method: Int, stage: UInt8, status: UInt8, nanoseconds: UInt64) {}
    func legFinished(method: Int, side: UInt8, status: UInt8, nanoseconds: UInt64) {}
}
