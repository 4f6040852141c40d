import EventLoop
import WireFormat

/// Calls that break the rules, meet sides that do, or are none of those that a migration names.
extension Scenario {
    private static let oddKeys = "[{path: 1, type: int64}, {path: 2, type: bool}, {path: 3, type: bytes}]"

    private static let newKeys = "[{path: 6, type: int64}, {path: 7, type: bool}, {path: 8, type: bytes}]"

    var oddsMigration: String {
        let lookUp = #"{method: Get, fields: {"1": request.1, "2": request.2, "3": request.3, "4": request.4}}"#
        return """
              odds:
                old: odds-old
                new: odds-new
                inserts: both
                immutable_gray_key: on
                services: [odds.v1.Odds]
                gray_key: \(Self.oddKeys)
                record_key: {path: 4, type: int64, presence: required}
                methods:
                  Get: {kind: single_query, timeout: 1s}
                  Put: {kind: update, new_gray_key: \(Self.newKeys)}
                  Make: {kind: insert, look_up: \(lookUp)}
                  Drop: {kind: delete, look_up: \(lookUp)}
                  PutMany: {kind: update, element: 5}
                  Pages:
                    kind: multi_query
                    rows: {field: 1, key: {path: 4, type: int64}, gray_key: \(Self.oddKeys)}
                    pages: {tokens: opaque, limit: 10, default_limit: 5, request_token: 11, response_token: 2}
                    confirm: off
                    partial: new
                  Listen: {kind: pass_through, effect: read}
                  Tell: {kind: pass_through, effect: unsafe_write}
            """
    }

    private struct OddCall {
        var request: RawClient.Request
        /// Nil: whatever comes, as long as something does.
        var expected: [GRPCStatus]?
        /// The side or the client break it off: there may be no status.
        var mayBreak = false
        /// What an echo must say.
        var echo: [UInt8]?

        init(_ path: String, _ pieces: [[UInt8]], _ expected: [GRPCStatus]? = nil) {
            request = RawClient.Request(path, pieces)
            self.expected = expected
        }
    }

    func callOddly(_ client: RawClient, _ left: Int) {
        guard left > 0 else {
            guestsLeft -= 1
            return
        }
        let isCalm = isPeaceful
        var call = anyOddCall
        if !call.mayBreak, world.chance.happens(oneIn: 2) { call.request.fields.append(("grpc-timeout", "2S")) }
        let name = call.request.fields[2].value
        let waitsForEnd = world.chance.below(3) > 0
        client.call(call.request) { [self] answer in
            judge(call, name, answer, isCalm)
            if waitsForEnd {
                client.after(world.chance.below(40_000_000)) { [self] in callOddly(client, left - 1) }
            } else {
                guestsLeft -= 1
            }
        }
        guard !waitsForEnd else { return }
        // Beside it.
        guestsLeft += 1
        client.after(world.chance.below(10_000_000)) { [self] in callOddly(client, left - 1) }
    }

    private func judge(_ call: OddCall, _ name: String, _ answer: RawClient.Answer, _ isCalm: Bool) {
        if let echo = call.echo {
            let isWhole = answer.body == echo
            if answer.status == .ok, !isWhole || !echo.starts(with: answer.body) {
                broken = broken ?? "\(name) has echoed \(answer.body.count) of \(echo.count) bytes, or others"
            }
            if !echo.starts(with: answer.body) { broken = broken ?? "\(name) has echoed what was not sent" }
        }
        guard isCalm, !call.mayBreak else { return }
        if answer.status == nil {
            broken = broken ?? "\(name) has no answer in peace: \(answer.note)"
        } else if let expected = call.expected, let status = answer.status, !expected.contains(status) {
            broken = broken ?? "\(name) is answered \(answer.note) in peace, not by \(expected)"
        }
    }

    private var anyOddCall: OddCall {
        switch world.chance.below(24) {
        case 0...3: oddSideCall
        case 4...6: streamCall
        case 7, 8: unreadCall
        case 9, 10: compressedCall
        case 11, 12: pageCall
        case 13, 14: severalCall
        case 15, 16: wrongHeadCall
        case 17, 18: abandonedCall
        case 19: strangerCall
        default:
            OddCall(
                "/odds.v1.Odds/\(world.chance.pick(["Get", "Put", "Make", "Drop"]))", [.init(framing: anyOddRequest)])
        }
    }

    private var anyOddRecord: Int64 { Int64(world.chance.within(1...UInt64(Odd.rowCount))) }
    private var anyOddRequest: [UInt8] { Odd.request(of: anyOddRecord) }
    private var anyOddMethod: String {
        "/odds.v1.Odds/" + world.chance.pick(["Get", "Get", "Put", "Make", "Drop", "Pages", "PutMany"])
    }

    /// A side answers as no side should.
    private var oddSideCall: OddCall {
        var call = OddCall(anyOddMethod, [.init(framing: anyOddRequest)])
        let way = world.chance.pick(OddServer.Way.allCases)
        let side = world.chance.pick(["", "", "old:", "new:"])
        call.request.fields.append(("x-how", side + way.rawValue))
        // At `old` a reset is handed on (I7); who is never answered has to have a deadline.
        call.mayBreak = way == .reset || way == .refuse
        if way == .silent { call.request.fields.append(("grpc-timeout", "300m")) }
        return call
    }

    /// Methods that follow the total switch: both ways at once, in any pieces, read late, broken off.
    private var streamCall: OddCall {
        let path = "/odds.v1.Odds/" + world.chance.pick(["Listen", "Tell", "Tell"])
        let isLarge = world.chance.happens(oneIn: 4)
        let pieces = (0..<world.chance.within(1...6)).map { number in
            RawClient.Request.framed(
                [UInt8](repeating: UInt8(number), count: Int(world.chance.below(isLarge ? 150_000 : 500))))
        }
        var call = OddCall(path, pieces, [.ok])
        call.echo = pieces.flatMap(\.self)
        call.request.pause = world.chance.pick([0, 1_000_000, 40_000_000])
        call.request.readsAfter = world.chance.pick([0, 0, 30_000_000])
        if world.chance.happens(oneIn: 4) {
            call.mayBreak = true
            call.request.resetsAfter = world.chance.below(80_000_000)
        }
        return call
    }

    /// What cannot be read as a request of its method.
    private var unreadCall: OddCall {
        let request = anyOddRequest
        let framed = [UInt8](framing: request)
        let method = anyOddMethod
        switch world.chance.below(9) {
        case 0: return OddCall(method, [])
        case 1: return OddCall(method, [Array(framed.dropLast(2))])
        case 2: return OddCall(method, [[9] + framed.dropFirst()])
        case 3: return OddCall(method, [framed, framed])
        case 4: return OddCall(method, [[UInt8](framing: [0xFF, 0xFF, 0xFF])])
        // No record key; a key that is too long; a field of another type.
        case 5: return OddCall(method, [[UInt8](framing: Message.of(3, [1]))])
        case 6: return OddCall(method, [[UInt8](framing: request + Message.of(3, [UInt8](repeating: 1, count: 3000)))])
        case 7: return OddCall(method, [[UInt8](framing: Message.of(1, [1]) + Message.of(4, [4]))])
        default:
            return OddCall(method, [[UInt8](framing: request + Message.of(15, [UInt8](repeating: 5, count: 140_000)))])
        }
    }

    private var compressedCall: OddCall {
        let gzip = RawClient.Request.framed(Odd.gzipOfFive, isCompressed: true)
        var call = OddCall(anyOddMethod, [gzip])
        switch world.chance.below(6) {
        case 0: call.request.fields.append(("grpc-encoding", "br"))
        case 1: call.request.fields.append(("grpc-encoding", "a b"))
        case 2: break
        case 3:
            call.request.pieces = [RawClient.Request.framed([1, 2, 3], isCompressed: true)]
            call.request.fields.append(("grpc-encoding", "gzip"))
        default:
            call.request.fields.append(("grpc-encoding", "gzip"))
            call.request.fields.append(
                ("grpc-accept-encoding", world.chance.pick(["gzip", "identity, gzip, deflate"])))
        }
        if world.chance.happens(oneIn: 3) { call.request.fields.append(("x-how", "gzip")) }
        return call
    }

    private var pageCall: OddCall {
        var request: [UInt8] = []
        if world.chance.happens(oneIn: 2) { request = Odd.request(of: anyOddRecord) }
        FieldWriter.append(10, varint: world.chance.pick([0, 1, 3, 5000]), to: &request)
        if world.chance.happens(oneIn: 2) {
            FieldWriter.append(11, world.chance.pick([Array("5".utf8), Array("nobody's".utf8), [0xFF]]), to: &request)
        }
        var call = OddCall("/odds.v1.Odds/Pages", [.init(framing: request)])
        if world.chance.happens(oneIn: 3) {
            call.request.fields.append(
                ("x-how", world.chance.pick(["unsorted", "new:unsorted", "garbage", "gzip", "large"])))
        }
        return call
    }

    /// Several records at once.
    private var severalCall: OddCall {
        var elements = (0..<world.chance.below(4)).flatMap { _ in Message.of(5, anyOddRequest) }
        switch world.chance.below(6) {
        case 0: elements += Message.of(5, [0xFF])
        case 1: elements += Message.of(5, Message.of(3, [1]))
        case 2: elements += Message.of(5, Odd.request(of: 1) + Message.of(3, [UInt8](repeating: 1, count: 3000)))
        default: break
        }
        if world.chance.happens(oneIn: 4) {
            var moved = anyOddRequest
            FieldWriter.append(6, varint: world.chance.pick([7, 9, 406]), to: &moved)
            return OddCall("/odds.v1.Odds/Put", [.init(framing: moved)])
        }
        return OddCall("/odds.v1.Odds/PutMany", [.init(framing: elements)])
    }

    private var wrongHeadCall: OddCall {
        var call = OddCall(anyOddMethod, [.init(framing: anyOddRequest)])
        switch world.chance.below(10) {
        case 0: call.request.fields[0].value = world.chance.pick(["GET", "HEAD", "PUT"])
        case 1: call.request.fields[5].value = "application/json"
        case 2: call.request.fields[2].value = "/Get"
        case 3: call.request.fields[2].value = "/odds.v1.Odds/Get?x=%20"
        case 4: call.request.fields.append(("x-some-bin", "?"))
        case 5: call.request.fields.append(("grpc-timeout", "5 minutes"))
        case 6: call.request.fields += [("grpc-timeout", "2S"), ("grpc-timeout", "3S")]
        case 7: call.request.fields.append(("x-long", String(repeating: "y", count: 17_000)))
        case 8: call.request.fields.append(("grpc-timeout", "1n"))
        default: call.request.fields += [("x-some-bin", "AAEC,AAED"), ("switchover-stage", "new")]
        }
        call.mayBreak = true
        return call
    }

    /// Requests that do not come to their end.
    private var abandonedCall: OddCall {
        let path = world.chance.pick([anyOddMethod, "/odds.v1.Odds/Tell"])
        let framed = [UInt8](framing: anyOddRequest)
        var call = OddCall(path, [Array(framed.prefix(Int(world.chance.below(UInt64(framed.count + 1)))))])
        call.request.ends = false
        call.request.resetsAfter = world.chance.below(400_000_000)
        call.mayBreak = true
        if world.chance.happens(oneIn: 2) { call.request.fields.append(("x-how", "early")) }
        return call
    }

    /// Methods and services that no migration names.
    private var strangerCall: OddCall {
        let path = world.chance.pick([
            "/odds.v1.Odds/Unlisted", "/stranger.v1.Stranger/Talk", "/stranger.v1.Stranger/Ask",
            "/grpc.health.v1.Health/Check",
        ])
        var call = OddCall(path, [.init(framing: Array("what".utf8))])
        if world.chance.happens(oneIn: 3) {
            call.request.fields.append(("x-how", world.chance.pick(["silent", "page", "reset", "denied"])))
        }
        call.request.fields.append(("grpc-timeout", "500m"))
        call.mayBreak = true
        return call
    }
}

extension [UInt8] {
    /// A message with its prefix.
    fileprivate init(framing message: [UInt8]) { self = RawClient.Request.framed(message) }
}
