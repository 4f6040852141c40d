import HTTP2
import Migration
import Stores
import WireFormat

/// What a side has answered, for a person.
struct SideWords: CustomStringConvertible {
    /// Enough for a database's sentence; a trailer must stay small.
    private static let bytesAtMost = 1024

    let status: GRPCStatus
    let words: String

    init(_ status: GRPCStatus, _ words: String) {
        self.status = status
        self.words = Self.shortened(words)
    }

    var description: String { words.isEmpty ? status.name : "\(status.name): \(words)" }

    /// Whole characters of it, without what a header field must not end with.
    static func shortened(_ words: String) -> String {
        var bytes = Array(words.utf8.prefix(bytesAtMost))
        while words.utf8.count > bytes.count, let last = bytes.last, last & 0x80 != 0 {
            bytes.removeLast()
            if last & 0xc0 == 0xc0 { break }
        }
        while let last = bytes.last, last <= 0x20 { bytes.removeLast() }
        return String(decoding: bytes.drop { $0 <= 0x20 }, as: UTF8.self)
    }
}

/// A call that the sidecar answers itself, and why. The one place where causes become gRPC statuses (contract,
/// section 11).
enum Refusal {
    /// Not a gRPC request at all: a plain HTTP answer.
    case plainHTTP(status: Int, StaticString)
    case unknownMethod
    /// The path is no method's name, and a side might read it as one that it is not routed as.
    case noMethodName
    case malformedMetadata(field: String, StaticString)
    case metadataTooLarge(limit: Int)
    /// Of a side's reply.
    case replyMetadataTooLarge(Side, limit: Int)
    /// The side has said that it takes less (SETTINGS_MAX_HEADER_LIST_SIZE).
    case metadataTooLargeForSide(Side, limit: Int)
    case messageTooLarge(limit: Int)
    /// A write was made, and its answer cannot be kept.
    case answerTooLarge(Side, limit: Int)
    /// The answer to a query cannot be kept.
    case replyTooLarge(Side, limit: Int)
    case malformedMessage(String)
    /// - Parameter name: `the gray key`, `the record key`.
    case missingKey(_ name: String, path: String)
    /// The update gives the record another gray key, which the configuration says never changes.
    case immutableKey(path: String)
    /// A write of several records whose gray keys have not one stage.
    case mixedStages(Stage, Stage)
    /// A write of several records at a stage of double writes.
    case severalRecords(Stage)
    /// A write of several records that the sidecar must read names too many.
    case tooManyRecords(limit: Int)
    /// The same, together with those that are under way.
    case tooManyRecordsUnderWay(limit: Int)
    /// A field that the sidecar must read is no protobuf.
    case unreadableField(String, ScanFault, at: Int)
    /// The sidecar must read the message and cannot.
    case compressedMessage
    case buffersFull
    case queueFull(Side)
    case noSwitches
    case sideUnreachable(Side, String)
    /// Another side's answer depends on this one's, which could not say.
    case sideFailed(Side, SideWords)
    /// A side that was asked before the insert has the record.
    case alreadyExists(Side)
    /// One side has the write, this one does not.
    case partialWrite(missing: Side, words: String)
    /// The write may have been done on this side, or may yet be.
    case outcomeUnknown(Side, GRPCStatus, words: String)
    case laneFull(limit: Int)
    /// An earlier write of the record may still take effect.
    case laneClosed
    /// A change of the switches held the write for too long.
    case keyMoving
    /// The rows of a side are missing from a multi query.
    case rowsMissing(Side, SideWords)
    case badPageToken
    /// The page token was given when other sides were asked.
    case walkInterrupted
    /// A side's rows are not in the declared order.
    case unsortedSide(Side, row: Int)
    /// A side's answer is not what the configuration says of it.
    case malformedAnswer(Side?, String)
    /// A store has answered so: its word, not the sidecar's.
    ///
    /// - Parameter by: named where it is not the side whose answer the client is waiting for.
    case storeRefused(GRPCStatus, String, by: Side? = nil)
    /// A side cannot do what a request for records says.
    case impossible(StoreFault)
    case unknownEntity(known: String)
    case deadlinePassed
    /// The time to drain is over, and nothing was written.
    case draining

    /// The `grpc-status` of the answer.
    var status: GRPCStatus {
        switch self {
        case .plainHTTP: .unknown
        case .unknownMethod, .noMethodName, .compressedMessage: .unimplemented
        case .malformedMetadata, .malformedMessage, .missingKey, .immutableKey, .unreadableField, .badPageToken,
            .unknownEntity, .tooManyRecords:
            .invalidArgument
        case .mixedStages, .severalRecords: .failedPrecondition
        case .metadataTooLarge, .metadataTooLargeForSide, .replyMetadataTooLarge, .messageTooLarge, .answerTooLarge,
            .replyTooLarge, .buffersFull, .queueFull,
            .laneFull, .tooManyRecordsUnderWay:
            .resourceExhausted
        case .noSwitches, .sideUnreachable, .sideFailed, .laneClosed, .keyMoving, .rowsMissing,
            .draining:
            .unavailable
        case .storeRefused(let status, _, _): status
        case .impossible(let fault): fault.status
        case .alreadyExists: .alreadyExists
        case .partialWrite, .walkInterrupted: .aborted
        case .unsortedSide, .malformedAnswer: .internal
        case .outcomeUnknown(_, .deadlineExceeded, _): .deadlineExceeded
        case .outcomeUnknown: .unknown
        case .deadlinePassed: .deadlineExceeded
        }
    }

    /// Its `text` is the value of the trailer `switchover-error`.
    var code: RefusalCode {
        switch self {
        case .plainHTTP: .notGRPC
        case .unknownMethod, .noMethodName: .unknownMethod
        case .malformedMetadata: .malformedMetadata
        case .metadataTooLarge, .metadataTooLargeForSide, .replyMetadataTooLarge: .metadataTooLarge
        case .messageTooLarge, .answerTooLarge, .replyTooLarge: .messageTooLarge
        case .malformedMessage, .unreadableField: .malformedMessage
        case .missingKey: .missingKey
        case .immutableKey: .immutableKey
        case .mixedStages: .mixedStages
        case .severalRecords: .severalRecords
        case .tooManyRecords, .tooManyRecordsUnderWay: .tooManyRecords
        case .compressedMessage: .compressedMessage
        case .buffersFull: .buffersFull
        case .queueFull: .queueFull
        case .noSwitches: .noSwitches
        case .sideUnreachable, .sideFailed, .rowsMissing: .sideUnreachable
        case .alreadyExists: .alreadyExists
        case .partialWrite: .partialWrite
        case .outcomeUnknown, .laneClosed: .outcomeUnknown
        case .laneFull: .laneFull
        case .keyMoving: .keyMoving
        case .storeRefused: .store
        case .impossible(let fault):
            switch fault.cause {
            case .missingKey: .missingKey
            case .pageToken: .badPageToken
            case .misfit, .other: .store
            }
        case .unknownEntity: .unknownEntity
        case .badPageToken: .badPageToken
        case .walkInterrupted: .walkInterrupted
        case .unsortedSide: .unsortedSide
        case .malformedAnswer: .malformedAnswer
        case .deadlinePassed: .deadline
        case .draining: .draining
        }
    }

    /// The side that is the cause, the value of the trailer `switchover-side`; nil where none is.
    var side: Side? {
        switch self {
        case .answerTooLarge(let side, _), .replyTooLarge(let side, _), .metadataTooLargeForSide(let side, _),
            .replyMetadataTooLarge(let side, _), .queueFull(let side),
            .sideUnreachable(let side, _),
            .sideFailed(let side, _), .alreadyExists(let side),
            .partialWrite(let side, _), .outcomeUnknown(let side, _, _), .rowsMissing(let side, _),
            .unsortedSide(let side, _):
            side
        case .malformedAnswer(let side, _), .storeRefused(_, _, let side): side
        default: nil
        }
    }

    var message: String {
        switch self {
        case .plainHTTP(_, let text): "\(text)"
        case .unknownMethod: "no migration names this service, and pass_through names no migration"
        case .noMethodName:
            "the path is not /package.Service/Method in letters, digits, _, - and dots, so that the call cannot be "
                + "routed by its key"
        case .malformedMetadata(let field, let text): "\(field) \(text)"
        case .metadataTooLarge(let limit): "the metadata is larger than limits.metadata_bytes (\(limit))"
        case .replyMetadataTooLarge(let side, let limit):
            "the metadata of the reply of \(side.name) is larger than limits.metadata_bytes (\(limit))"
        case .metadataTooLargeForSide(let side, let limit):
            "the metadata is larger than \(side.name) takes (SETTINGS_MAX_HEADER_LIST_SIZE \(limit) bytes)"
        case .messageTooLarge(let limit): "the message is larger than limits.message_bytes (\(limit))"
        case .answerTooLarge(let side, let limit):
            "the write was made, and the answer of \(side.name) is larger than limits.message_bytes (\(limit))"
        case .replyTooLarge(let side, let limit):
            "the answer of \(side.name) is larger than limits.message_bytes (\(limit)); ask for fewer records at once"
        case .malformedMessage(let text): text
        case .missingKey(let name, let path): "\(name), field \(path) of the request, is missing"
        case .immutableKey(let path):
            "field \(path) gives the record another gray key, and this migration's gray keys never change"
        case .mixedStages(let one, let other):
            "the records of this call are at several stages (\(one.name), \(other.name)); write them in several calls"
        case .severalRecords(let stage):
            "several records cannot be written in one call while both sides are written (\(stage.name)); write them "
                + "one by one"
        case .tooManyRecords(let limit):
            "one call may write at most \(limit) records while the sidecar must read it; split the call"
        case .tooManyRecordsUnderWay(let limit):
            "calls that write several records are under way for \(limit) records, the most that a worker reads; try "
                + "again later"
        case .unreadableField(let path, let fault, let offset):
            "field \(path) cannot be read: \(fault) at byte \(offset) of the message"
        case .alreadyExists(let side): "\(side.name) has a record of this key already"
        case .partialWrite(let side, let words):
            "\(side.other.name) has the write and \(side.name) does not\(words.isEmpty ? "" : " (\(words))"); read the "
                + "record before you write it again"
        case .outcomeUnknown(let side, let status, let words):
            "\(side.name) was sent the write, which may have been made (\(SideWords(status, words))); read the record "
                + "before you write it again"
        case .laneFull(let limit): "more than limits.lane_queue (\(limit)) writes of this record wait"
        case .laneClosed: "an earlier write of this record may still take effect; try again later"
        case .storeRefused(_, let detail, _): detail
        case .impossible(let fault): fault.description
        case .unknownEntity(let known): "field 1, entity, names none of \(known)"
        case .keyMoving: "the stage of this key or record is changing just now; try again"
        case .rowsMissing(let side, let words):
            "\(side.name) answered \(words), and its rows are part of the answer"
        case .badPageToken: "the page token is not one of this request; begin again without one"
        case .walkInterrupted: "other sides are asked than when the page token was given; begin again without one"
        case .unsortedSide(let side, let row):
            "row \(row + 1) of \(side.name) is not in the order that the configuration declares"
        case .malformedAnswer(let side, let text): "the answer of \(side?.name ?? "the sides") cannot be used: \(text)"
        case .compressedMessage:
            "the sidecar must read this message and reads only identity, deflate and gzip, as grpc-encoding names them"
        case .buffersFull: "too many bytes wait in the sidecar for this connection"
        case .queueFull(let side): "too many calls wait for a connection to \(side.name)"
        case .noSwitches:
            "the sidecar has no switches for this migration; write the first file, or a lost one, with: switchover "
                + "init-switches"
        case .sideUnreachable(let side, let reason): "\(side.name) cannot be reached: \(reason)"
        case .sideFailed(let side, let words):
            "\(side.name) answered \(words), and without its answer there is none"
        case .deadlinePassed: "the deadline passed in the sidecar"
        case .draining: "the sidecar ends, and its time to drain is over; call another one, or this one once it is back"
        }
    }

    /// The same cause where a side has been sent a write whose answer the client will not be given.
    func afterWrite(to side: Side) -> Refusal {
        switch self {
        case .deadlinePassed, .buffersFull, .replyMetadataTooLarge: .outcomeUnknown(side, status, words: message)
        case .draining: .outcomeUnknown(side, status, words: "the sidecar ends before the answer")
        default: self
        }
    }

    /// The head of a plain HTTP answer.
    ///
    /// - Parameter length: of the body that follows.
    func plainHead(status: Int, length: Int) -> LocalFields {
        // A 405 must name what is allowed (RFC 9110, 15.5.6).
        let allow = status == 405 ? [(name: "allow", value: "POST")] : []
        return LocalFields(
            [
                (":status", "\(status)"), ("content-type", "text/plain"), ("switchover-error", code.text),
                ("content-length", "\(length)"),
            ] + allow)
    }

    /// Header block that is the whole answer (a trailers-only response, or plain HTTP without a body).
    var response: LocalFields {
        if case .plainHTTP(let status, _) = self { return plainHead(status: status, length: 0) }
        var fields = [(name: ":status", value: "200"), (name: "content-type", value: "application/grpc")] + trailerList
        if case .compressedMessage = self { fields.append(("grpc-accept-encoding", "\(MessageCoder.codings)")) }
        return LocalFields(fields)
    }

    /// The end of an answer that has begun.
    var trailers: LocalFields { LocalFields(trailerList) }

    private var trailerList: [(name: String, value: String)] {
        [
            (name: "grpc-status", value: String(status.rawValue)),
            (name: "grpc-message", value: PercentEncoding.encode(message)),
            (name: "switchover-error", value: code.text),
        ] + (side.map { [(name: "switchover-side", value: "\($0.name)")] } ?? [])
    }
}

extension Refusal {
    init(_ excess: ElementPlan.Excess) {
        switch excess {
        case .ofRequest: self = .tooManyRecords(limit: ElementPlan.elementsAtMost)
        case .underWay: self = .tooManyRecordsUnderWay(limit: ElementPlan.underWayAtMost)
        }
    }
}

extension PercentEncoding {
    /// The text as a `grpc-message`.
    fileprivate static func encode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { source in
            String(unsafeUninitializedCapacity: encodedCount(source)) {
                encode(source, into: UnsafeMutableRawBufferPointer($0))
            }
        }
    }
}
