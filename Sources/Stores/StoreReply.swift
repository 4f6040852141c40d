package import WireFormat

/// How a store answered an operation.
package struct StoreReply: Sendable, Equatable {
    package let status: GRPCStatus
    /// The response message; empty unless the status is OK.
    package let message: [UInt8]
    /// What is wrong, for `grpc-message`; empty when nothing is.
    package let detail: String
    /// Whether a write may have happened although the status is not OK. Everywhere else such a write did not happen
    /// and will not.
    package let isOutcomeUnknown: Bool
    /// Whether the database itself cannot be used, whatever is asked of it.
    package let isUnreachable: Bool
    /// Whether it was rolled back since the other side cannot hold the record as it would be.
    package let isMisfit: Bool

    init(message: [UInt8]) {
        status = .ok
        self.message = message
        detail = ""
        isOutcomeUnknown = false
        isUnreachable = false
        isMisfit = false
    }

    init(_ fault: StoreFault) {
        status = fault.status
        message = []
        detail = fault.description
        isOutcomeUnknown = fault.isOutcomeUnknown
        isUnreachable = fault.isUnreachable
        isMisfit = fault.cause == .misfit
    }
}
