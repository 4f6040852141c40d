import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// One call of the control socket: pure, it is told what came in and says what goes out.
///
///     check, list: waiting --message, end--> answered
///     watch:       waiting --message--> watching --readiness changed--> watching, until either side leaves
///     reflection:  open --message--> open ... --end--> answered
///     switches:    waiting --message, end--> performing --answered--> answered
///     any: --malformed message, end without one--> answered
struct ControlCall {
    enum Method: String, CaseIterable {
        case check = "/grpc.health.v1.Health/Check"
        case list = "/grpc.health.v1.Health/List"
        case watch = "/grpc.health.v1.Health/Watch"
        case reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
        /// The same messages under their older name.
        case reflectionAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        case getStatus = "/switchover.v1.Control/GetStatus"
        case changeSwitches = "/switchover.v1.Control/ChangeSwitches"
        case listChanges = "/switchover.v1.Control/ListChanges"
        case explainKey = "/switchover.v1.Control/ExplainKey"
        case explainRecord = "/switchover.v1.Control/ExplainRecord"
        case getProcess = "/switchover.v1.Control/GetProcess"
    }

    enum Action: Equatable {
        case send([UInt8])
        /// The last one. Empty text for OK.
        case finish(GRPCStatus, String)
        /// A request for `SwitchControl`; its answer is told by `answered`.
        case perform([UInt8])
    }

    private enum State {
        case waiting
        /// A unary call that has its message and waits for the client's end.
        case received([UInt8])
        case watching(service: String, last: HealthService.Status)
        case performing
        case finished
    }

    let method: Method
    private let services: ControlServices
    private var state = State.waiting

    init(_ method: Method, services: ControlServices) {
        self.method = method
        self.services = services
    }

    var isFinished: Bool { if case .finished = state { true } else { false } }

    mutating func messageArrived(_ message: [UInt8], readiness: Readiness) -> [Action] {
        switch (method, state) {
        case (.check, .waiting), (.list, .waiting), (.getStatus, .waiting), (.changeSwitches, .waiting),
            (.listChanges, .waiting), (.explainKey, .waiting), (.explainRecord, .waiting), (.getProcess, .waiting):
            state = .received(message)
            return []
        case (.watch, .waiting): return startWatching(message, readiness)
        case (.reflection, .waiting), (.reflectionAlpha, .waiting):
            guard let response = services.reflection.response(to: message) else { return malformed() }
            return [.send(response)]
        case (_, .finished): return []
        case (_, .received), (_, .watching), (_, .performing): return finish(.internal, "one message was expected")
        }
    }

    /// The client has sent all it will.
    mutating func requestEnded(readiness: Readiness) -> [Action] {
        switch (method, state) {
        case (.check, .received(let message)): return check(message, readiness)
        case (.list, .received(let message)): return list(message, readiness)
        case (.reflection, .waiting), (.reflectionAlpha, .waiting): return finish(.ok, "")
        case (_, .received(let message)):
            state = .performing
            return [.perform(message)]
        case (_, .watching), (_, .performing), (_, .finished): return []
        default: return finish(.internal, "a message was expected")
        }
    }

    mutating func readinessChanged(_ readiness: Readiness) -> [Action] {
        guard case .watching(let service, let last) = state else { return [] }
        let status = services.health.status(of: service, readiness) ?? .serviceUnknown
        guard status != last else { return [] }
        state = .watching(service: service, last: status)
        return [.send(HealthService.response(status))]
    }

    /// What was to be performed has been.
    mutating func answered(_ result: Result<[UInt8], ControlFault>) -> [Action] {
        guard case .performing = state else { return [] }
        switch result {
        case .success(let response): return [.send(response)] + finish(.ok, "")
        case .failure(let fault): return finish(fault.status, fault.text)
        }
    }

    /// What cannot be read as a request, at whatever layer.
    mutating func failed(_ status: GRPCStatus, _ text: StaticString) -> [Action] { finish(status, "\(text)") }

    private mutating func check(_ message: [UInt8], _ readiness: Readiness) -> [Action] {
        guard let request = try? Grpc_Health_V1_HealthCheckRequest(serializedBytes: message) else { return malformed() }
        guard let status = services.health.status(of: request.service, readiness) else {
            return finish(.notFound, "no such service; List names all")
        }
        return [.send(HealthService.response(status))] + finish(.ok, "")
    }

    private mutating func list(_ message: [UInt8], _ readiness: Readiness) -> [Action] {
        guard (try? Grpc_Health_V1_HealthListRequest(serializedBytes: message)) != nil else { return malformed() }
        return [.send(services.health.list(readiness))] + finish(.ok, "")
    }

    private mutating func startWatching(_ message: [UInt8], _ readiness: Readiness) -> [Action] {
        guard let request = try? Grpc_Health_V1_HealthCheckRequest(serializedBytes: message) else { return malformed() }
        let status = services.health.status(of: request.service, readiness) ?? .serviceUnknown
        state = .watching(service: request.service, last: status)
        return [.send(HealthService.response(status))]
    }

    private mutating func malformed() -> [Action] {
        finish(.invalidArgument, "the message is not what this method takes")
    }

    private mutating func finish(_ status: GRPCStatus, _ text: String) -> [Action] {
        if case .finished = state { return [] }
        state = .finished
        return [.finish(status, text)]
    }
}

/// What is served on the control socket.
struct ControlServices {
    let health: HealthService
    let reflection: ReflectionService
    /// Nil where nobody changes switches.
    var switches: (any Commands)?
}
