import TestSupport
import Testing

@testable import HTTP2

/// Frames on streams that are closed, or that their client has ended (RFC 9113, 5.1).
@Suite struct ClosedStreamsTests {
    private static let streamClosed: UInt32 = 5

    private func server(_ frames: [UInt8]) -> ServerPeer {
        let server = ServerPeer()
        server.receive(Frames.preface + Frames.settings() + frames)
        return server
    }

    /// A server whose stream 1 has been answered in full.
    private func answered(requestEnds: Bool = true) throws -> ServerPeer {
        let server = server(Frames.headers(stream: 1, Frames.requestHead, endsStream: requestEnds))
        server.server.respond(
            try #require(server.stream(1)), with: LocalFields([(":status", "200"), ("grpc-status", "0")]))
        _ = server.send()
        return server
    }

    private static let late = [
        Frames.data(stream: 1, [1]), Frames.data(stream: 1, [], endsStream: true),
        Frames.headers(stream: 1, Frames.requestHead), Frames.headers(stream: 1, [("x", "1")]),
    ]

    @Test(arguments: late) func onAnEndedStreamEndsTheConnection(_ frame: [UInt8]) throws {
        let server = try answered()
        server.receive(frame)
        _ = server.send()
        #expect(server.frames.last?.kind == Frames.Kind.goAway && server.frames.last?.code == Self.streamClosed)
        #expect(server.session.hasFinished)
    }

    @Test(arguments: late) func whileTheAnswerIsDueEndsTheConnection(_ frame: [UInt8]) {
        let server = server(Frames.headers(stream: 1, Frames.requestHead) + frame)
        _ = server.send()
        #expect(server.frames.last?.kind == Frames.Kind.goAway && server.frames.last?.code == Self.streamClosed)
    }

    @Test(arguments: late) func onAStreamThatItsClientResetIsAnsweredByAReset(_ frame: [UInt8]) throws {
        let server = server(
            Frames.headers(stream: 1, Frames.requestHead, endsStream: false) + Frames.reset(stream: 1, 8))
        server.receive(frame + Frames.headers(stream: 3, Frames.requestHead), inPiecesOf: 4)
        _ = server.send()
        let resets = server.frames.filter { $0.kind == Frames.Kind.resetStream }
        #expect(resets.map(\.stream) == [1] && resets.map(\.code) == [Self.streamClosed])
        #expect(server.stream(3) != nil && !server.session.hasFinished)
    }

    /// What crosses our reset on its way is no fault of the client's.
    @Test(arguments: late) func onAStreamThatWeResetIsDropped(_ frame: [UInt8]) throws {
        let early = try answered(requestEnds: false)
        let cancelled = server(Frames.headers(stream: 1, Frames.requestHead, endsStream: false))
        try #require(cancelled.stream(1)).reset(8)
        _ = cancelled.send()
        for server in [early, cancelled] {
            let count = server.frames.count
            server.receive(frame + Frames.headers(stream: 3, Frames.requestHead))
            _ = server.send()
            #expect(server.frames.count == count && server.stream(3) != nil)
        }
    }

    @Test func onAStreamThatWasRefusedIsDropped() {
        var limits = SessionLimits()
        limits.streams = 1
        let server = ServerPeer(limits)
        server.receive(
            Frames.preface + Frames.settings() + Frames.headers(stream: 1, Frames.requestHead, endsStream: false)
                + Frames.headers(stream: 3, Frames.requestHead, endsStream: false))
        _ = server.send()
        server.receive(Frames.data(stream: 3, [1]))
        _ = server.send()
        #expect(server.frames.count { $0.kind == Frames.Kind.resetStream } == 1)
    }

    @Test func floodOfLateFramesIsStopped() {
        var limits = SessionLimits()
        limits.idleFrameBurst = 10
        limits.idleFramesPerSecond = 1
        let server = ServerPeer(limits)
        var frames: [UInt8] = []
        for id in 0..<20 as Range<UInt32> {
            frames += Frames.headers(stream: 2 * id + 1, Frames.requestHead, endsStream: false)
            frames += Frames.reset(stream: 2 * id + 1, 8) + Frames.headers(stream: 2 * id + 1, [("x", "1")])
        }
        server.receive(Frames.preface + Frames.settings() + frames)
        #expect(server.notices.contains(.flood))
    }

    @Test func rememberedUntilOthersTakeTheirPlace() {
        var closed = ClosedStreams()
        defer { closed.free() }
        #expect(closed.manner(of: 1) == nil)
        let manners: [ClosedStreams.Manner] = [.ended, .resetByPeer, .resetByUs]
        for number in 0..<200 as Range<Int32> { closed.note(2 * number + 1, manners[Int(number) % 3]) }
        for number in 0..<200 as Range<Int32> {
            let isKept = number >= 200 - Int32(ClosedStreams.kept)
            #expect(closed.manner(of: 2 * number + 1) == (isKept ? manners[Int(number) % 3] : nil))
        }
        closed.note(.max, .ended)
        #expect(closed.manner(of: .max) == .ended)
    }
}
