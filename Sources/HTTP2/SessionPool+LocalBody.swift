import WireFormat

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

    /// Adds a gRPC message with its prefix.
    package func append(message: [UInt8], isCompressed: Bool, to source: StreamPointer) {
        var prefix = [UInt8](repeating: 0, count: GRPCPrefix.byteCount)
        let length = UInt32(message.count)
        prefix.withUnsafeMutableBytes { GRPCPrefix(isCompressed: isCompressed, length: length).write(into: $0) }
        prefix.withUnsafeBytes { append($0, to: source) }
        message.withUnsafeBytes { append($0, to: source) }
    }

    /// Puts a message in place of a body that has come in whole; head and trailers stay.
    package func replaceBody(of stream: StreamPointer, with message: [UInt8], isCompressed: Bool) {
        let before = stream.pointee.body.held
        stream.pointee.body.reset()
        stream.pointee.body.stopRetaining()
        stream.settleAccount(from: before, to: 0, in: self)
        append(message: message, isCompressed: isCompressed, to: stream)
    }

    /// Nothing more comes: a stream that sends this body ends with it.
    ///
    /// - Parameter trailers: what an answer ends with; nil for a request.
    package func finish(_ source: StreamPointer, trailers: LocalFields? = nil) {
        source.pointee.localTrailers = trailers
        source.pointee.hasEnded = true
    }

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
