package import WireFormat

/// Reading a side's reply.
package enum Reply {
    /// The status of a complete reply: from the trailers, from a trailers-only head, else by the public
    /// http-grpc-status-mapping document.
    package static func status(of leg: StreamPointer) -> GRPCStatus {
        let field = leg.pointee.trailers.first(.grpcStatus) ?? leg.pointee.fields.first(.grpcStatus)
        if let field { return GRPCStatus(grpcStatus: UnsafeRawBufferPointer(field.valueBytes)) ?? .unknown }
        var number = 0
        if let status = leg.pointee.fields.first(.status) {
            for digit in status.valueBytes { number = number * 10 + Int(digit &- UInt8(ascii: "0")) }
        }
        return number == 200 ? .unknown : GRPCStatus(httpStatus: number)
    }

    /// Whether the reply's `:status` is 200, as every reply of gRPC has it.
    package static func isHTTPSuccess(_ leg: StreamPointer) -> Bool {
        leg.pointee.fields.first(.status)?.valueBytes.elementsEqual("200".utf8) ?? false
    }

    /// Whether the reply has a status of gRPC, under `:status` 200; else it is some proxy's word.
    package static func isGRPC(_ leg: StreamPointer) -> Bool {
        isHTTPSuccess(leg) && (leg.pointee.trailers.first(.grpcStatus) ?? leg.pointee.fields.first(.grpcStatus)) != nil
    }

    /// What the reply says to a person, `grpc-message` decoded; empty where it says nothing.
    package static func words(of leg: StreamPointer) -> String {
        guard let field = leg.pointee.trailers.first(.grpcMessage) ?? leg.pointee.fields.first(.grpcMessage),
            !field.valueBytes.isEmpty
        else { return "" }
        let text = [UInt8](unsafeUninitializedCapacity: field.valueBytes.count) { memory, count in
            count = PercentEncoding.decode(
                UnsafeRawBufferPointer(field.valueBytes), into: UnsafeMutableRawBufferPointer(memory))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The trailer `switchover-error`, by which a sidecar says why it has answered in a side's place.
    package static func sidecarError(of leg: StreamPointer) -> String? {
        for list in [leg.pointee.trailers, leg.pointee.fields] where list.tokens.contains(.switchover) {
            for index in 0..<list.count where list[index].nameBytes.elementsEqual("switchover-error".utf8) {
                return String(decoding: list[index].valueBytes, as: UTF8.self)
            }
        }
        return nil
    }
}
