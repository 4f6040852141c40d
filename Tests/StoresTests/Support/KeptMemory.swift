import Foundation
import SwiftProtobuf
import SwitchoverProtocol
import WireFormat

@testable import Stores

/// Memory that lives as long as this.
final class KeptMemory {
    private var kept: [UnsafeMutableRawBufferPointer] = []

    deinit {
        for memory in kept { memory.deallocate() }
    }

    func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        memory.copyBytes(from: bytes)
        kept.append(memory)
        return UnsafeRawBufferPointer(rebasing: memory[..<bytes.count])
    }
}

extension Switchover_V1_Value {
    /// Calls `body` with the value as a store reads it.
    func withRecordValue<Result>(_ type: ValueType, _ body: (RecordValue) throws -> Result) throws -> Result {
        let bytes: [UInt8] = try serializedBytes()
        return try bytes.withUnsafeBytes { try body(try RecordValue.read($0, type)) }
    }
}
