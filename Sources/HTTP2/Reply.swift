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
}
