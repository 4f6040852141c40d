/// Bodies that the shell reads and writes itself, for the services that the sidecar serves on its own.
extension UnsafeMutablePointer<SessionPool> {
    /// A stream of no session: the shell appends to its body, and another stream sends that
    /// (`ServerSession.respond(_:head:bodyOf:)`). Recycle it when that stream has closed.
    ///
    /// - Parameter isKept: what was sent of it is kept, so that it can be sent again.
    package func makeSource(isKept: Bool = false) -> StreamPointer {
        let source = newStream()
        if isKept { source.retainBody(upTo: .max) } else { source.pointee.body.stopRetaining() }
        return source
    }

    /// Adds to the body of a source. `StreamPointer.resume` then wakes the stream that sends it.
    package func append(_ bytes: UnsafeRawBufferPointer, to source: StreamPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        let before = source.pointee.body.held
        source.pointee.body.append(start, count: bytes.count)
        source.settleAccount(from: before, to: source.pointee.body.held, in: self)
    }

    /// Nothing more comes: a stream that sends this body ends with it.
    package func finish(_ source: StreamPointer) { source.pointee.hasEnded = true }

    /// Moves up to `buffer.count` bytes of what came in on `stream` to `buffer`, gives its peer the credit, returns how
    /// many.
    package func takeBody(of stream: StreamPointer, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let start = buffer.baseAddress else { return 0 }
        let before = stream.pointee.body.held
        let count = stream.pointee.body.take(into: start, limit: buffer.count)
        stream.settleAccount(from: before, to: stream.pointee.body.held, in: self)
        if stream.pointee.body.isEmpty { stream.creditAll() }
        return count
    }
}
