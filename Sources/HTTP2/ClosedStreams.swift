/// How the last streams of a session were closed: what a frame on such a stream is answered with depends on it (RFC
/// 9113, 5.1). Four bytes a stream in place of nghttp2's own record of it.
struct ClosedStreams {
    enum Manner: UInt32 {
        /// Both sides have said END_STREAM.
        case ended
        /// The peer has reset it.
        case resetByPeer
        /// We have reset it: what the peer had sent before it heard of that may still come.
        case resetByUs
    }

    static var kept: Int { 64 }

    /// By the number of the stream, `kept` of them: number without its lowest bit, and the manner.
    private var entries: UnsafeMutablePointer<UInt32>?

    mutating func note(_ id: Int32, _ manner: Manner) {
        let entries = entries ?? Self.allocate()
        self.entries = entries
        entries[Self.index(id)] = (UInt32(bitPattern: id) >> 1) << 2 | manner.rawValue
    }

    /// Nil for one that is not remembered.
    func manner(of id: Int32) -> Manner? {
        guard let entry = entries?[Self.index(id)], entry >> 2 == UInt32(bitPattern: id) >> 1 else { return nil }
        return Manner(rawValue: entry & 3)
    }

    mutating func free() {
        entries?.deallocate()
        entries = nil
    }

    private static func index(_ id: Int32) -> Int { Int(id >> 1) & (kept - 1) }

    private static func allocate() -> UnsafeMutablePointer<UInt32> {
        let entries = UnsafeMutablePointer<UInt32>.allocate(capacity: kept)
        // No stream has this number and manner.
        entries.initialize(repeating: .max, count: kept)
        return entries
    }
}
