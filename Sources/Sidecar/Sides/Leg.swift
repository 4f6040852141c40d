import HTTP2

/// One request to one upstream, from the moment that it wants a connection.
///
///     taken --no room--> queued --room--> open --stream closed--> closed
///     taken --room------------------------> open
///     taken, queued --no connection to be had--> closed
///
/// It lies inside what makes the request, its owner, which is told of each change but decides them all.
struct Leg {
    enum Owner: UInt8 {
        /// A call that hands a client's request on as it comes.
        case call
        /// An ask: a request of the sidecar's own making.
        case ask
    }

    let owner: Owner
    let context: UnsafeMutableRawPointer
    var stream: StreamPointer?
    /// Nil before there is one and once the stream is closed.
    var connection: UpstreamConnectionPointer?
    var isQueued = false
    /// Since when, monotonic nanoseconds.
    var queuedAt: UInt64 = 0
    var waitsForReset = false
    /// Links of the list that it waits in: an upstream's queue, or a connection's streams to be reset.
    var next: LegPointer?
    var previous: LegPointer?

    init(of call: CallPointer) {
        owner = .call
        context = UnsafeMutableRawPointer(call)
    }

    /// - Parameter context: the ask, unretained.
    init(ofAsk context: UnsafeMutableRawPointer) {
        owner = .ask
        self.context = context
    }
}

typealias LegPointer = UnsafeMutablePointer<Leg>

extension LegPointer {
    private var call: CallPointer { pointee.context.assumingMemoryBound(to: Call.self) }
    private var ask: Ask { Unmanaged<Ask>.fromOpaque(pointee.context).takeUnretainedValue() }

    /// Opens the stream on a connection that has room.
    func send(on connection: UpstreamConnectionPointer) {
        switch pointee.owner {
        case .call: call.send(on: connection)
        case .ask: ask.send(on: connection)
        }
    }

    /// There is no connection to the upstream, and will not be soon.
    func unreachable() {
        switch pointee.owner {
        case .call: call.sideUnreachable()
        case .ask: ask.unreachable()
        }
    }

    /// Too many wait for a connection already.
    func queueFull() {
        switch pointee.owner {
        case .call: call.queueFull()
        case .ask: ask.queueFull()
        }
    }

    /// The stream, which may be an earlier one of this leg, has news.
    func progressed(_ stream: StreamPointer, _ events: StreamEvents) {
        switch pointee.owner {
        case .call: call.legProgressed(stream, events)
        case .ask: ask.progressed(stream, events)
        }
    }
}

/// A list of legs in the order in which they came; a leg is in one list at most.
struct LegQueue {
    private(set) var first: LegPointer?
    private var last: LegPointer?
    private(set) var count = 0

    mutating func append(_ leg: LegPointer) {
        leg.pointee.next = nil
        leg.pointee.previous = last
        if let last { last.pointee.next = leg } else { first = leg }
        last = leg
        count += 1
    }

    mutating func remove(_ leg: LegPointer) {
        let next = leg.pointee.next
        let previous = leg.pointee.previous
        if let next { next.pointee.previous = previous } else { last = previous }
        if let previous { previous.pointee.next = next } else { first = next }
        leg.pointee.next = nil
        leg.pointee.previous = nil
        count -= 1
    }
}
