import Migration
import Stores
import WireFormat

/// Where the records of an entity are, for one method of the Records service.
struct RecordsRoute {
    /// What a store is asked for the client's own call.
    let operation: StoreOperation
    let many: ManyPlan
    /// At `dualNew`, whether old is asked for what new does not have.
    let grayFallback: Bool
    /// Whether both sides can do what a request says.
    let check: RequestCheck
    /// What a store says of a record that it does not have.
    let notFound: String

    /// What a store is asked for this message of a client.
    func operation(_ message: [UInt8]) -> StoreOperation { message.withUnsafeBytes { check.operation(operation, $0) } }

    /// Field 3 of a request, the gray key, made of an answer with one record.
    static func naming(_ answer: [UInt8]) -> [UInt8] {
        answer.withUnsafeBytes { answer in
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            return (try? naming.make(request: nothing, reply: answer)) ?? []
        }
    }

    private static let naming: MessageTemplate = {
        guard let path = try? FieldPath("1.2") else { preconditionFailure("1.2 is a path") }
        return MessageTemplate([.init(number: 3, source: .reply, path: path)])
    }()

    /// The record of an answer with one, as conditions of a store take it; nil where there is none.
    static func record(of answer: [UInt8]) -> [UInt8]? {
        answer.withUnsafeBytes { bytes in
            guard let parts = try? MessageParts(of: bytes, text: 1), let record = parts.text else { return nil }
            return Array(answer[record])
        }
    }

    /// The request with that field 3 in place of its own, which says nothing.
    static func request(_ message: [UInt8], bearing naming: [UInt8]) -> [UInt8] {
        message.withUnsafeBytes { bytes in
            guard let parts = try? MessageParts(of: bytes, text: 3) else { return message }
            return parts.rest.reduce(into: []) { $0.append(contentsOf: message[$1]) } + naming
        }
    }
}

/// The routes of one path of the Records service, by entity.
struct EntityRoutes {
    /// Few: a linear search.
    let routes: [(entity: [UInt8], route: UnsafePointer<Route>)]

    func route(of entity: UnsafeRawBufferPointer) -> UnsafePointer<Route>? {
        routes.first { $0.entity.elementsEqual(entity) }?.route
    }

    var names: String { routes.map { String(decoding: $0.entity, as: UTF8.self) }.joined(separator: ", ") }
}
