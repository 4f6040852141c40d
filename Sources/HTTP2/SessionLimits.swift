/// What a peer may make a session hold or do; the shell fills it from its own limits.
package struct SessionLimits: Sendable {
    /// Concurrent streams that the peer may open.
    package var streams = 256
    /// Flow-control window of one stream, bytes.
    package var streamWindow = 256 << 10
    /// Flow-control window of a connection, bytes; its credit is given back as bytes arrive.
    package var connectionWindow = 4 << 20
    /// Size of one header block, as RFC 9113, 6.5.2 counts it, bytes.
    package var metadataBytes = 16 << 10
    /// Fields of one header block.
    package var metadataFields = 100
    /// Streams that the peer may reset at once, and each second.
    package var resetBurst = 2000
    package var resetsPerSecond = 500
    /// Frames that carry nothing (PING, SETTINGS, empty DATA) at once, and each second.
    package var idleFrameBurst = 2000
    package var idleFramesPerSecond = 1000

    package init() {}
}
