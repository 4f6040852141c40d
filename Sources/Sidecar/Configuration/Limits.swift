/// Every limit of the sidecar. The defaults carry tens of thousands of calls a second and give an attacker nothing to
/// hold on to; each can be set under `limits:` by the name in `Limits.settings`.
package struct Limits: Sendable, Equatable {
    /// Longest message in either direction; a longer one ends its call with `RESOURCE_EXHAUSTED`. In bytes.
    package var messageBytes = 4 << 20
    /// All metadata of one call in one direction: names, values and 32 for each field (RFC 9113, 6.5.2). In bytes.
    package var metadataBytes = 64 << 10
    /// Fields of metadata of one call in one direction.
    package var metadataFields = 100
    /// Calls that a client connection may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS).
    package var streamsPerConnection = 256
    /// Client connections of the process; for a further one the one that has been idle longest is closed.
    package var connections = 1024
    /// Flow-control window of each stream, both sides. In bytes.
    package var streamWindow = 256 << 10
    /// How long a query of both sides waits for new once old has answered, where the answer may do without new. In
    /// nanoseconds.
    package var partialWait: UInt64 = 1_000_000_000
    /// Bodies waiting in memory for one client connection, both directions. In bytes.
    package var connectionBuffer = 8 << 20
    /// Bodies waiting in memory for all connections of one worker. In bytes.
    package var workerBuffer = 24 << 20
    /// Calls of a worker waiting for a place on a connection to an upstream; the next one ends with
    /// `RESOURCE_EXHAUSTED`.
    package var upstreamQueue = 1000
    /// How long a call may wait there; then it ends with `RESOURCE_EXHAUSTED`. In nanoseconds.
    package var upstreamQueueWait: UInt64 = 10_000_000_000
    /// Connections of a worker to one upstream; each is opened when the others are nearly full. With the usual 100
    /// streams a connection, 6,400 calls of a worker run at once.
    package var upstreamConnections = 64

    /// Writes of one record that may wait for the one before; the next one ends with `RESOURCE_EXHAUSTED`.
    package var laneQueue = 100
    /// How long a follower may take to be given a record. In nanoseconds.
    package var followerTimeout: UInt64 = 5_000_000_000
    /// How long a write whose outcome is unknown may still take effect on a service; no write of the record is taken
    /// until then. In nanoseconds.
    package var settleAfter: UInt64 = 30_000_000_000

    /// How long a change of the switches may hold writes of the keys that it moves; then it is taken back. In
    /// nanoseconds.
    package var handoverWait: UInt64 = 2_000_000_000

    /// From accepting a connection to the client's first SETTINGS. In nanoseconds.
    package var handshakeTimeout: UInt64 = 10_000_000_000
    /// A client connection without calls for that long is told to go (GOAWAY) and closed; 0 is never. In nanoseconds.
    package var idleTimeout: UInt64 = 3_600_000_000_000
    /// One attempt to connect to an upstream, name resolution included. In nanoseconds.
    package var connectTimeout: UInt64 = 2_000_000_000
    /// Wait after the first failed attempt; 1.6 times as long after each further one, 20 % of jitter either way. In
    /// nanoseconds.
    package var backoffMinimum: UInt64 = 100_000_000
    /// The longest wait between two attempts. In nanoseconds.
    package var backoffMaximum: UInt64 = 5_000_000_000

    /// Streams a client connection may reset in one go; beyond burst and rate it is told ENHANCE_YOUR_CALM and
    /// closed. Generous: a client with tight deadlines resets much, and what reaches the upstreams is bounded by
    /// itself.
    package var resetsBurst = 2000
    package var resetsPerSecond = 500
    /// Streams that may be reset in one go on one upstream connection, and that it carries at most; beyond burst and
    /// rate they run to their end unread. Just below what common servers allow (nghttp2: 1,000, then 33 a second); an
    /// upstream that closes connections over fewer is given less by itself.
    package var upstreamResetsBurst = 800
    package var upstreamResetsPerSecond = 20
    /// Frames of a client connection that carry nothing: PING, SETTINGS, PRIORITY and empty DATA. Generous: clients
    /// that measure their bandwidth ping once a round trip.
    package var idleFramesBurst = 2000
    package var idleFramesPerSecond = 1000

    package init() {}
}

/// One limit as the configuration names it.
package struct LimitSetting: Sendable {
    package let name: String
    let unit: Quantity.Unit
    let range: ClosedRange<UInt64>
    let read: @Sendable (Limits) -> UInt64
    let write: @Sendable (inout Limits, UInt64) -> Void

    /// The value as a person writes it: `4MiB`, `10s`, `256`.
    package func text(in limits: Limits) -> String { Quantity.format(read(limits), as: unit) }
}

extension Limits {
    package static let settings: [LimitSetting] = [
        size("message_bytes", \.messageBytes, 1 << 10...1 << 30),
        size("metadata_bytes", \.metadataBytes, 1 << 10...1 << 20),
        count("metadata_fields", \.metadataFields, 10...10_000),
        count("streams_per_connection", \.streamsPerConnection, 1...100_000),
        count("connections", \.connections, 1...1_000_000),
        size("stream_window", \.streamWindow, 65_535...1 << 30),
        size("connection_buffer", \.connectionBuffer, 64 << 10...16 << 30),
        size("worker_buffer", \.workerBuffer, 64 << 10...64 << 30),
        count("upstream_queue", \.upstreamQueue, 0...1_000_000),
        duration("upstream_queue_wait", \.upstreamQueueWait, 10_000_000...3_600_000_000_000),
        count("upstream_connections", \.upstreamConnections, 1...10_000),
        duration("partial_wait", \.partialWait, 1_000_000...600_000_000_000),
        count("lane_queue", \.laneQueue, 0...100_000),
        duration("follower_timeout", \.followerTimeout, 1_000_000...600_000_000_000),
        duration("settle_after", \.settleAfter, 1_000_000...86_400_000_000_000),
        duration("handover_wait", \.handoverWait, 10_000_000...600_000_000_000),
        duration("handshake_timeout", \.handshakeTimeout, 100_000_000...600_000_000_000),
        duration("idle_timeout", \.idleTimeout, 0...86_400_000_000_000),
        duration("connect_timeout", \.connectTimeout, 10_000_000...600_000_000_000),
        duration("backoff_minimum", \.backoffMinimum, 1_000_000...600_000_000_000),
        duration("backoff_maximum", \.backoffMaximum, 1_000_000...600_000_000_000),
        count("resets_burst", \.resetsBurst, 1...1_000_000),
        count("resets_per_second", \.resetsPerSecond, 1...1_000_000),
        count("upstream_resets_burst", \.upstreamResetsBurst, 1...1_000_000),
        count("upstream_resets_per_second", \.upstreamResetsPerSecond, 1...1_000_000),
        count("idle_frames_burst", \.idleFramesBurst, 1...1_000_000),
        count("idle_frames_per_second", \.idleFramesPerSecond, 1...1_000_000),
    ]

    private static func size(
        _ name: String, _ path: any WritableKeyPath<Limits, Int> & Sendable, _ range: ClosedRange<UInt64>
    ) -> LimitSetting { integer(name, path, .size, range) }

    private static func count(
        _ name: String, _ path: any WritableKeyPath<Limits, Int> & Sendable, _ range: ClosedRange<UInt64>
    ) -> LimitSetting { integer(name, path, .count, range) }

    private static func integer(
        _ name: String, _ path: any WritableKeyPath<Limits, Int> & Sendable, _ unit: Quantity.Unit,
        _ range: ClosedRange<UInt64>
    ) -> LimitSetting {
        LimitSetting(
            name: name, unit: unit, range: range,
            read: { UInt64($0[keyPath: path]) }, write: { $0[keyPath: path] = Int($1) })
    }

    private static func duration(
        _ name: String, _ path: any WritableKeyPath<Limits, UInt64> & Sendable, _ range: ClosedRange<UInt64>
    ) -> LimitSetting {
        LimitSetting(
            name: name, unit: .duration, range: range, read: { $0[keyPath: path] }, write: { $0[keyPath: path] = $1 })
    }
}
