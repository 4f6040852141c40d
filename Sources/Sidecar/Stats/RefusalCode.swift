/// Why the sidecar answered a call itself: the values of the trailer `switchover-error`, and what they are counted by.
package enum RefusalCode: Int, Sendable, CaseIterable {
    case notGRPC
    case unknownMethod
    case malformedMetadata
    case metadataTooLarge
    case messageTooLarge
    case malformedMessage
    case missingKey
    case immutableKey
    case mixedStages
    case severalRecords
    case tooManyRecords
    case compressedMessage
    case buffersFull
    case queueFull
    case noSwitches
    case sideUnreachable
    case alreadyExists
    case partialWrite
    case outcomeUnknown
    case laneFull
    case keyMoving
    case store
    case unknownEntity
    case badPageToken
    case walkInterrupted
    case unsortedSide
    case malformedAnswer
    case deadline
    case draining

    /// As callers and metrics see it.
    package var text: String {
        switch self {
        case .notGRPC: "not-grpc"
        case .unknownMethod: "unknown-method"
        case .malformedMetadata: "malformed-metadata"
        case .metadataTooLarge: "metadata-too-large"
        case .messageTooLarge: "message-too-large"
        case .malformedMessage: "malformed-message"
        case .missingKey: "missing-key"
        case .immutableKey: "immutable-key"
        case .mixedStages: "mixed-stages"
        case .severalRecords: "several-records"
        case .tooManyRecords: "too-many-records"
        case .compressedMessage: "compressed-message"
        case .buffersFull: "buffers-full"
        case .queueFull: "queue-full"
        case .noSwitches: "no-switches"
        case .sideUnreachable: "side-unreachable"
        case .alreadyExists: "already-exists"
        case .partialWrite: "partial-write"
        case .outcomeUnknown: "outcome-unknown"
        case .laneFull: "lane-full"
        case .keyMoving: "key-moving"
        case .store: "store"
        case .unknownEntity: "unknown-entity"
        case .badPageToken: "bad-page-token"
        case .walkInterrupted: "walk-interrupted"
        case .unsortedSide: "unsorted-side"
        case .malformedAnswer: "malformed-answer"
        case .deadline: "deadline"
        case .draining: "draining"
        }
    }
}
