import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Stores

typealias Value = Switchover_V1_Value
typealias Filter = Switchover_V1_Filter
typealias TestRecord = Switchover_V1_Record

/// A store that answers while the caller waits.
final class TestStore: Sendable {
    let store: any Store

    init(_ configuration: StoreConfiguration) throws { store = try configuration.open() }

    deinit { store.close() }

    func reply(
        _ operation: StoreOperation, _ message: [UInt8], deadline: UInt64 = .max,
        cancellation: StoreCancellation? = nil, follower: (any Store)? = nil
    ) -> StoreReply {
        let answer = Answer()
        store.perform(
            StoreRequest(
                operation, message: message, deadline: deadline, cancellation: cancellation, follower: follower)
        ) { answer.set($0) }
        return answer.wait()
    }

    func reply(_ operation: StoreOperation, _ message: some Message) throws -> StoreReply {
        reply(operation, try message.serializedBytes())
    }

    /// The decoded response of an operation that must succeed.
    func answer<Response: Message>(
        _ operation: StoreOperation, _ message: some Message, as type: Response.Type = Response.self
    ) throws -> Response {
        let reply = try reply(operation, message)
        try #require(reply.status == .ok, "\(operation): \(reply.status.name) \(reply.detail)")
        return try Response(serializedBytes: reply.message)
    }

    /// Status and words of an operation that must fail.
    func failure(_ operation: StoreOperation, _ message: some Message) throws -> (status: GRPCStatus, words: String) {
        let reply = try reply(operation, message)
        #expect(reply.message.isEmpty)
        return (reply.status, reply.detail)
    }

    private final class Answer: @unchecked Sendable {
        // Sendable because the reply is read after the semaphore was signalled.
        private let isThere = DispatchSemaphore(value: 0)
        private var reply: StoreReply?

        func set(_ reply: StoreReply) {
            self.reply = reply
            isThere.signal()
        }

        func wait() -> StoreReply {
            isThere.wait()
            return reply!
        }
    }
}
