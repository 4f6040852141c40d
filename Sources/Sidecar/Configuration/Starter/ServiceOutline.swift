import SwiftProtobuf
import WireFormat

/// The services and messages of a descriptor set, as far as a configuration needs them.
struct ServiceOutline {
    struct Service {
        let name: String
        let methods: [Method]
    }

    struct Method {
        let name: String
        /// Messages' full names.
        let input: String
        let output: String
        let streamsIn: Bool
        let streamsOut: Bool
    }

    struct Field {
        let name: String
        let number: Int
        /// Nil for messages, groups, enumerations and floating point.
        let scalar: ScalarType?
        /// As a configuration writes the type; nil for messages and groups. An enumeration is int32 on the wire.
        let typeName: String?
        /// As a person names it: the message's or the scalar's.
        let kindName: String
        /// The message's full name, where it is one.
        let message: String?
        let isRepeated: Bool
    }

    /// A scalar field within a message, by the way to it.
    struct Path: Equatable {
        let names: [String]
        let numbers: [Int]
        let type: ScalarType

        var name: String { names.last ?? "" }
        var written: String { names.joined(separator: ".") }
        var path: String { numbers.map(String.init).joined(separator: ".") }
        /// As the configuration writes a key.
        var key: String { "{ path: \(path), type: \(type.name) }" }
    }

    private let source: String
    private(set) var services: [Service] = []
    private var messages: [String: [Field]] = [:]

    init(_ bytes: [UInt8], source: String) throws(StarterConfiguration.Fault) {
        self.source = source
        guard let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: bytes), !set.file.isEmpty else {
            throw StarterConfiguration.Fault(
                description: "\(source) is no descriptor set; make one with: "
                    + "protoc --include_imports --descriptor_set_out=\(source) FILE.proto")
        }
        for file in set.file {
            let package = file.package.isEmpty ? "" : file.package + "."
            for message in file.messageType { add(message, within: package) }
            for service in file.service {
                services.append(Service(name: package + service.name, methods: service.method.map(Method.init)))
            }
        }
    }

    private mutating func add(_ message: Google_Protobuf_DescriptorProto, within scope: String) {
        messages[scope + message.name] = message.field.map(Field.init)
        for nested in message.nestedType {
            add(nested, within: scope + message.name + ".")
        }
    }

    /// All of them where no name is given.
    func services(named names: [String]) throws(StarterConfiguration.Fault) -> [Service] {
        let services = services.filter { !Names.isInfrastructure($0.name.utf8) }
        let known = services.map(\.name)
        guard !known.isEmpty else {
            throw StarterConfiguration.Fault(description: "\(source) has no service; name the .proto file that has it")
        }
        for name in names where !known.contains(name) {
            let advice = Spelling.advice(for: name, among: known)
            throw StarterConfiguration.Fault(description: "\(source) has no service \(name); \(advice)")
        }
        return names.isEmpty ? services : services.filter { names.contains($0.name) }
    }

    func fields(of message: String) -> [Field] { messages[message] ?? [] }

    func has(message: String) -> Bool { messages[message] != nil }

    /// The method of a `:path`.
    func method(path: String) -> Method? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return nil }
        return services.first { $0.name == parts[0] }?.methods.first { $0.name == parts[1] }
    }

    /// The scalar fields of a message and of those within it, the outermost first; none within repeated ones.
    func scalars(of message: String) -> [Path] {
        var found: [Path] = []
        var level: [(message: String, names: [String], numbers: [Int])] = [(message, [], [])]
        for _ in 0..<3 {
            var next: [(message: String, names: [String], numbers: [Int])] = []
            for (message, names, numbers) in level {
                for field in fields(of: message) where !field.isRepeated {
                    if let type = field.scalar {
                        found.append(
                            Path(names: names + [field.name], numbers: numbers + [field.number], type: type))
                    } else if let inner = field.message {
                        next.append((inner, names + [field.name], numbers + [field.number]))
                    }
                }
            }
            level = next
        }
        return found
    }
}

extension ServiceOutline.Method {
    fileprivate init(_ method: Google_Protobuf_MethodDescriptorProto) {
        self.init(
            name: method.name, input: String(method.inputType.drop { $0 == "." }),
            output: String(method.outputType.drop { $0 == "." }), streamsIn: method.clientStreaming,
            streamsOut: method.serverStreaming)
    }
}

extension ServiceOutline.Field {
    fileprivate init(_ field: Google_Protobuf_FieldDescriptorProto) {
        let types: [Google_Protobuf_FieldDescriptorProto.TypeEnum: ScalarType] = [
            .string: .string, .bytes: .bytes, .bool: .bool, .int32: .int32, .int64: .int64, .uint32: .uint32,
            .uint64: .uint64, .sint32: .sint32, .sint64: .sint64, .fixed32: .fixed32, .fixed64: .fixed64,
            .sfixed32: .sfixed32, .sfixed64: .sfixed64,
        ]
        let others: [Google_Protobuf_FieldDescriptorProto.TypeEnum: (type: String, kind: String)] = [
            .enum: ("int32", "an enumeration"), .double: ("double", "double"), .float: ("float", "float"),
        ]
        let scalar = types[field.type]?.name
        let message = String(field.typeName.drop { $0 == "." })
        self.init(
            name: field.name, number: Int(field.number), scalar: types[field.type],
            typeName: scalar ?? others[field.type]?.type, kindName: scalar ?? others[field.type]?.kind ?? message,
            message: field.type == .message ? String(field.typeName.drop { $0 == "." }) : nil,
            isRepeated: field.label == .repeated)
    }
}
