import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

/// Server reflection: the services of the control socket, and the files that describe them. Versions v1 and v1alpha
/// have the same messages on the wire.
struct ReflectionService {
    private typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
    private typealias Response = Grpc_Reflection_V1_ServerReflectionResponse

    let services: [String]
    private let files: [String: Google_Protobuf_FileDescriptorProto]
    /// The file that declares a symbol, by the symbol's full name.
    private let fileOfSymbol: [String: String]

    init(files sources: [ProtocolFiles.File] = ProtocolFiles.all) {
        var files: [String: Google_Protobuf_FileDescriptorProto] = [:]
        var symbols = SymbolCollector()
        for source in sources {
            guard let bytes = Data(base64Encoded: source.descriptor),
                let file = try? Google_Protobuf_FileDescriptorProto(serializedBytes: bytes)
            else { preconditionFailure("generated descriptors are base64 of a FileDescriptorProto") }
            files[file.name] = file
            symbols.collect(file)
        }
        self.files = files
        fileOfSymbol = symbols.fileOfSymbol
        // Records is served on the data port, not here.
        services = symbols.services.filter { $0 != RecordsConfiguration.service }.sorted()
    }

    /// The serialized response to a serialized request; nil when that is none.
    func response(to message: [UInt8]) -> [UInt8]? {
        guard let request = try? Request(serializedBytes: message) else { return nil }
        var response = Response()
        response.validHost = request.host
        response.originalRequest = request
        response.messageResponse = answer(request)
        return response.bytes
    }

    private func answer(_ request: Request) -> Response.OneOf_MessageResponse {
        switch request.messageRequest {
        case .listServices:
            return .listServicesResponse(
                .with { $0.service = services.map { name in .with { $0.name = name } } }
            )
        case .fileByFilename(let name):
            guard files[name] != nil else { return error(.notFound, "no file \(name)") }
            return descriptors(of: name)
        case .fileContainingSymbol(let symbol):
            guard let file = fileOfSymbol[symbol] else { return error(.notFound, "no symbol \(symbol)") }
            return descriptors(of: file)
        case .fileContainingExtension(let extended):
            return error(.notFound, "no extension \(extended.extensionNumber) of \(extended.containingType)")
        case .allExtensionNumbersOfType(let type):
            guard fileOfSymbol[type] != nil else { return error(.notFound, "no type \(type)") }
            return .allExtensionNumbersResponse(.with { $0.baseTypeName = type })
        case nil: return error(.invalidArgument, "the request names nothing to look for")
        }
    }

    /// A file and what it imports, each once, the file itself first.
    private func descriptors(of name: String) -> Response.OneOf_MessageResponse {
        var names = [name]
        var index = 0
        while index < names.count {
            for imported in files[names[index]]?.dependency ?? [] where !names.contains(imported) {
                names.append(imported)
            }
            index += 1
        }
        return .fileDescriptorResponse(
            .with { $0.fileDescriptorProto = names.compactMap { files[$0].map { Data($0.bytes) } } }
        )
    }

    private func error(_ status: GRPCStatus, _ text: String) -> Response.OneOf_MessageResponse {
        .errorResponse(
            .with {
                $0.errorCode = Int32(status.rawValue)
                $0.errorMessage = text
            })
    }
}

/// Gathers the full names that a file declares.
private struct SymbolCollector {
    private(set) var fileOfSymbol: [String: String] = [:]
    private(set) var services: [String] = []
    private var file = ""

    mutating func collect(_ descriptor: Google_Protobuf_FileDescriptorProto) {
        file = descriptor.name
        let scope = descriptor.package
        for message in descriptor.messageType { collect(message, in: scope) }
        for enumeration in descriptor.enumType { collect(enumeration, in: scope) }
        for declared in descriptor.extension { add(declared.name, in: scope) }
        for service in descriptor.service {
            let name = add(service.name, in: scope)
            services.append(name)
            for method in service.method { add(method.name, in: name) }
        }
    }

    private mutating func collect(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
        let name = add(message.name, in: scope)
        for field in message.field { add(field.name, in: name) }
        for oneof in message.oneofDecl { add(oneof.name, in: name) }
        for declared in message.extension { add(declared.name, in: name) }
        for nested in message.nestedType { collect(nested, in: name) }
        for enumeration in message.enumType { collect(enumeration, in: name) }
    }

    /// Values are siblings of their enumeration, as in C++.
    private mutating func collect(_ enumeration: Google_Protobuf_EnumDescriptorProto, in scope: String) {
        add(enumeration.name, in: scope)
        for value in enumeration.value { add(value.name, in: scope) }
    }

    @discardableResult
    private mutating func add(_ name: String, in scope: String) -> String {
        let full = scope.isEmpty ? name : "\(scope).\(name)"
        fileOfSymbol[full] = file
        return full
    }
}
