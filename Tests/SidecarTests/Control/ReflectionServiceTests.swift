import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing

@testable import Sidecar

@Suite struct ReflectionServiceTests {
    private typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
    private typealias Response = Grpc_Reflection_V1_ServerReflectionResponse

    private static let service = ReflectionService()

    private static func ask(_ body: (inout Request) -> Void) throws -> Response {
        let request = Request.with(body)
        let bytes = try #require(service.response(to: request.bytes))
        let response = try Response(serializedBytes: bytes)
        #expect(response.originalRequest == request)
        return response
    }

    private static func files(_ response: Response) throws -> [String] {
        try response.fileDescriptorResponse.fileDescriptorProto.map {
            try Google_Protobuf_FileDescriptorProto(serializedBytes: $0).name
        }
    }

    @Test func listsItsServices() throws {
        let response = try Self.ask { $0.listServices = "*" }
        #expect(
            response.listServicesResponse.service.map(\.name) == [
                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
                "switchover.v1.Control",
            ])
    }

    @Test(arguments: [
        "grpc.health.v1.Health", "grpc.health.v1.Health.Watch", "grpc.health.v1.HealthCheckRequest",
        "grpc.health.v1.HealthCheckRequest.service", "grpc.health.v1.HealthCheckResponse.ServingStatus",
        "grpc.health.v1.HealthCheckResponse.SERVING", "grpc.health.v1.HealthListResponse.StatusesEntry.value",
    ])
    func findsTheFileOfEverySymbol(symbol: String) throws {
        let response = try Self.ask { $0.fileContainingSymbol = symbol }
        #expect(try Self.files(response) == ["grpc/health/v1/health.proto"])
    }

    @Test func findsFilesByName() throws {
        for file in ProtocolFiles.all {
            let imports = file.name == "switchover/v1/control.proto" ? ["switchover/v1/records.proto"] : []
            #expect(try Self.files(Self.ask { $0.fileByFilename = file.name }) == [file.name] + imports)
        }
        let symbol = "grpc.reflection.v1alpha.ServerReflectionRequest.message_request"
        #expect(
            try Self.files(Self.ask { $0.fileContainingSymbol = symbol }) == [
                "grpc/reflection/v1alpha/reflection.proto"
            ])
    }

    @Test func whatIsNotThereIsAnErrorInTheResponse() throws {
        let responses = [
            try Self.ask { $0.fileByFilename = "no.proto" },
            try Self.ask { $0.fileContainingSymbol = "grpc.health.v1.No" },
            try Self.ask { $0.fileContainingSymbol = "" }, try Self.ask { $0.allExtensionNumbersOfType = "No" },
            try Self.ask { $0.fileContainingExtension = .with { $0.containingType = "No" } },
        ]
        #expect(responses.map(\.errorResponse.errorCode) == [5, 5, 5, 5, 5])
        #expect(try Self.ask { _ in }.errorResponse.errorCode == 3)
    }

    @Test func aTypeWithoutExtensionsHasNone() throws {
        let name = "grpc.health.v1.HealthCheckRequest"
        let response = try Self.ask { $0.allExtensionNumbersOfType = name }
        #expect(response.allExtensionNumbersResponse.baseTypeName == name)
        #expect(response.allExtensionNumbersResponse.extensionNumber.isEmpty)
    }

    @Test func bothVersionsAreTheSameOnTheWire() throws {
        let request = Grpc_Reflection_V1alpha_ServerReflectionRequest.with { $0.listServices = "" }
        let bytes = try #require(Self.service.response(to: request.bytes))
        let response = try Grpc_Reflection_V1alpha_ServerReflectionResponse(serializedBytes: bytes)
        #expect(response.listServicesResponse.service.count == 4)
    }

    @Test func garbageIsNoRequest() {
        #expect(Self.service.response(to: [0xff, 0xff]) == nil)
    }

    // MARK: - The generated sources

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
        path: "../../../Protocol")

    /// Fails when a .proto file was changed and `Protocol/generate` not run. (`Protocol/generate --check` compares
    /// everything.)
    @Test func generatedSourcesAreOfThePresentFiles() throws {
        for file in ProtocolFiles.all {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in try Data(contentsOf: Self.root.appending(path: file.name)) {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
            #expect(hash == file.sourceHash, "\(file.name) has changed: run Protocol/generate")
        }
    }

    @Test func everyProtoFileIsServed() throws {
        let paths = try #require(FileManager.default.subpaths(atPath: Self.root.path))
        #expect(paths.filter { $0.hasSuffix(".proto") }.sorted() == ProtocolFiles.all.map(\.name))
    }
}
