package import WireFormat

/// Why a request is answered with an error: its status, and words that name what is wrong and where.
package struct StoreFault: Error, Equatable, CustomStringConvertible {
    package let status: GRPCStatus
    /// What part of the request is wrong, from the outside in: `filter.all[1].comparison.value`; may be empty.
    package private(set) var path = ""
    package let words: String
    /// What of a request is at fault, where callers tell it apart.
    package private(set) var cause = Cause.other
    /// Whether a write may have happened all the same.
    package let isOutcomeUnknown: Bool
    /// Whether the database itself cannot be used, whatever is asked of it. Nothing was read or written.
    package let isUnreachable: Bool

    init(_ status: GRPCStatus, _ words: String, isOutcomeUnknown: Bool = false, isUnreachable: Bool = false) {
        self.status = status
        self.words = words
        self.isOutcomeUnknown = isOutcomeUnknown
        self.isUnreachable = isUnreachable
    }

    static func unreachable(_ words: String) -> StoreFault { StoreFault(.unavailable, words, isUnreachable: true) }

    package enum Cause: Sendable, Equatable {
        case missingKey
        case pageToken
        /// The record as it would be now cannot be held by the side that is given it next.
        case misfit
        case other
    }

    static func invalid(_ words: String, _ cause: Cause = .other) -> StoreFault {
        var fault = StoreFault(.invalidArgument, words)
        fault.cause = cause
        return fault
    }

    static func misfit(_ field: String, _ table: String, _ isNull: Bool) -> StoreFault {
        var fault = StoreFault(
            .failedPrecondition,
            "\(field) of the record \(isNull ? "is NULL, which" : "has a value that") table \(table) of the other side "
                + "cannot hold; nothing was written. Give it another value in the same update")
        fault.cause = .misfit
        return fault
    }

    package var description: String { path.isEmpty ? words : "\(path): \(words)" }

    /// The same fault, said of a part of a message.
    func within(_ part: String) -> StoreFault {
        var fault = self
        fault.path = path.isEmpty ? part : part + (path.hasPrefix("[") ? "" : ".") + path
        return fault
    }
}

/// Runs `body`, and puts `part` before the path of what it throws.
func within<Result>(
    _ part: @autoclosure () -> String, _ body: () throws(StoreFault) -> Result
) throws(StoreFault) -> Result {
    do throws(StoreFault) {
        return try body()
    } catch {
        throw error.within(part())
    }
}
