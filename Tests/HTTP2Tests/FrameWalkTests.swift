import TestSupport
import Testing

@testable import HTTP2

@Suite struct FrameWalkTests {
    /// The same headers, whatever the pieces are in which the bytes come.
    @Test(arguments: [1, 2, 5, 8, 9, 10, 33, 1000, 100_000]) func findsEveryHeader(_ piece: Int) {
        let frames =
            Frames.preface + Frames.settings() + Frames.headers(stream: 1, Frames.requestHead)
            + Frames.data(stream: 0x7fff_ffff, pattern(20_000)) + Frames.data(stream: 3, []) + Frames.ping()
        var walk = FrameWalk(skipping: Frames.preface.count)
        var found: [[UInt32]] = []
        var rest = frames[...]
        while !rest.isEmpty {
            let bytes = Array(rest.prefix(piece))
            rest = rest.dropFirst(bytes.count)
            bytes.withUnsafeBytes { memory in
                var position = 0
                while let header = walk.next(in: memory, at: &position) {
                    found.append([header.length, UInt32(header.kind), UInt32(header.stream)])
                }
                #expect(position == memory.count)
            }
        }
        let expected = Frame.all(in: frames).map { [UInt32($0.payload.count), UInt32($0.kind), $0.stream] }
        #expect(found == expected && found.count == 5)
    }
}
