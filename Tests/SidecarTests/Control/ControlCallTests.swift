import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Sidecar

@Suite struct ControlCallTests {
    private static let services = ControlServices(
        health: HealthService(migrations: ["orders"], services: []), reflection: ReflectionService())
    private static let ready = Readiness(state: .serving)
    private static let notReady = Readiness(state: .draining)
    private static let garbage: [UInt8] = [0xff, 0xff]

    private static func request(_ service: String) -> [UInt8] {
        Grpc_Health_V1_HealthCheckRequest.with { $0.service = service }.bytes
    }

    private static func call(_ method: ControlCall.Method) -> ControlCall { ControlCall(method, services: services) }

    private static func status(_ actions: [ControlCall.Action]) -> GRPCStatus? {
        guard case .finish(let status, _) = actions.last else { return nil }
        return status
    }

    @Test func checkAnswersAtTheClientsEnd() {
        var call = Self.call(.check)
        #expect(call.messageArrived(Self.request("orders"), readiness: Self.ready) == [])
        let actions = call.requestEnded(readiness: Self.notReady)
        #expect(actions == [.send(HealthService.response(.notServing)), .finish(.ok, "")])
        #expect(call.isFinished)
        #expect(call.requestEnded(readiness: Self.ready) == [])
        #expect(call.messageArrived([], readiness: Self.ready) == [])
        #expect(call.failed(.internal, "late") == [], "a call ends once")
    }

    @Test func checkOfAnUnknownServiceIsNotFound() {
        var call = Self.call(.check)
        _ = call.messageArrived(Self.request("none"), readiness: Self.ready)
        let actions = call.requestEnded(readiness: Self.ready)
        #expect(actions.count == 1 && Self.status(actions) == .notFound)
    }

    @Test func listAnswers() {
        var call = Self.call(.list)
        #expect(call.messageArrived([], readiness: Self.ready) == [])
        #expect(
            call.requestEnded(readiness: Self.ready) == [
                .send(Self.services.health.list(Self.ready)), .finish(.ok, ""),
            ])
    }

    @Test func watchTellsAtOnceAndWithEachChange() {
        var call = Self.call(.watch)
        #expect(call.readinessChanged(Self.ready) == [], "nothing was asked yet")
        #expect(
            call.messageArrived(Self.request(""), readiness: Self.ready) == [.send(HealthService.response(.serving))])
        #expect(call.requestEnded(readiness: Self.ready) == [])
        #expect(call.readinessChanged(Self.ready) == [])
        #expect(call.readinessChanged(Self.notReady) == [.send(HealthService.response(.notServing))])
        #expect(call.readinessChanged(Self.notReady) == [])
        #expect(call.readinessChanged(Self.ready) == [.send(HealthService.response(.serving))])
        #expect(!call.isFinished)
    }

    @Test func watchOfAnUnknownServiceStaysOpen() {
        var call = Self.call(.watch)
        let actions = call.messageArrived(Self.request("none"), readiness: Self.ready)
        #expect(actions == [.send(HealthService.response(.serviceUnknown))])
        #expect(call.readinessChanged(Self.notReady) == [] && !call.isFinished)
    }

    @Test(arguments: [ControlCall.Method.reflection, .reflectionAlpha])
    func reflectionAnswersEachMessageUntilTheEnd(method: ControlCall.Method) {
        var call = Self.call(method)
        let request = Grpc_Reflection_V1_ServerReflectionRequest.with { $0.listServices = "" }.bytes
        for _ in 0..<3 {
            #expect(call.messageArrived(request, readiness: Self.ready).count == 1)
            #expect(call.readinessChanged(Self.notReady) == [])
        }
        #expect(call.requestEnded(readiness: Self.ready) == [.finish(.ok, "")])
    }

    private static let performed: [ControlCall.Method] = [
        .getStatus, .changeSwitches, .listChanges, .explainKey, .explainRecord, .getProcess,
    ]

    @Test(arguments: performed) func whatSwitchControlAnswersIsTheAnswer(method: ControlCall.Method) {
        var call = Self.call(method)
        #expect(call.messageArrived([1, 2], readiness: Self.ready) == [])
        #expect(call.answered(.success([3])) == [], "nothing was asked yet")
        #expect(call.requestEnded(readiness: Self.ready) == [.perform([1, 2])])
        #expect(call.requestEnded(readiness: Self.ready) == [])
        #expect(call.readinessChanged(Self.notReady) == [])
        #expect(call.answered(.success([3])) == [.send([3]), .finish(.ok, "")])
        #expect(call.answered(.success([3])) == [], "a call ends once")
    }

    @Test(arguments: performed) func whatSwitchControlRefusesIsTheStatus(method: ControlCall.Method) {
        var call = Self.call(method)
        _ = call.messageArrived([], readiness: Self.ready)
        _ = call.requestEnded(readiness: Self.ready)
        let fault = ControlFault(.failedPrecondition, "not yet")
        #expect(call.answered(.failure(fault)) == [.finish(.failedPrecondition, "not yet")])
    }

    @Test func aSecondMessageOfAUnaryRequestIsWrong() {
        for method in [ControlCall.Method.check, .list, .watch] + Self.performed {
            var call = Self.call(method)
            _ = call.messageArrived(Self.request(""), readiness: Self.ready)
            #expect(Self.status(call.messageArrived([], readiness: Self.ready)) == .internal, "\(method)")
        }
    }

    @Test func noMessageIsWrongAndGarbageToo() {
        for method in [ControlCall.Method.check, .list, .watch] + Self.performed {
            var call = Self.call(method)
            #expect(Self.status(call.requestEnded(readiness: Self.ready)) == .internal, "\(method)")
        }
        for method in ControlCall.Method.allCases where !Self.performed.contains(method) {
            var call = Self.call(method)
            let actions =
                call.messageArrived(Self.garbage, readiness: Self.ready) + call.requestEnded(readiness: Self.ready)
            #expect(actions.count == 1 && Self.status(actions) == .invalidArgument, "\(method)")
        }
    }
}
