import EventLoop
import Logging
import Migration
import WireFormat

/// What was read before it is checked as a whole: every value with its place, what could not be read left out.
struct ConfigurationDraft {
    var listen = Placed(Configuration.defaultListen, at: .option("listen"))
    var stats: Placed<Address>? = Placed(Configuration.defaultStats, at: .option("stats"))
    var control = Configuration.defaultControl
    var switches = Configuration.defaultSwitches
    var workers = 1
    var allowRemote = false
    var upstreams: [UpstreamDraft] = []
    /// `.off`: said to be none. Nil: not said.
    var passThrough: Placed<String>?
    var migrations: [MigrationDraft] = []
    var limits = Limits()
    var log = LogConfiguration(level: .info, format: .text)
    var accessLogSample = 0.0
    var drain = DrainConfiguration(delayNanoseconds: 25_000_000_000, timeoutNanoseconds: 30_000_000_000)
}

struct UpstreamDraft {
    let name: String
    let place: Place
    /// Nil when it could not be read.
    var address: Placed<Address>?
    /// The path of a SQLite database, instead of an address.
    var database: Placed<String>?
}

struct MigrationDraft {
    let name: String
    let place: Place
    var old: Placed<String>?
    var new: Placed<String>?
    var services: [Placed<String>] = []
    var grayKey: GrayKeyDraft = .absent
    /// The default of its methods; read like a gray key.
    var recordKey: GrayKeyDraft = .absent
    /// The same; nil: named after its services.
    var entity: Placed<String>?
    var grayFallback = true
    /// Where it is said that gray keys never change; nil where they may.
    var immutableGrayKey: Place?
    var inserts = InsertRule.new
    var guardsInserts = true
    var methods: [MethodDraft] = []
    var records: RecordsDraft?
}

enum GrayKeyDraft {
    case absent
    /// Written, but wrong; already reported.
    case broken
    case plan(Placed<KeyPlan>)
}

struct MethodDraft {
    /// As written: `Get`, or `shop.v1.Orders/Get`.
    let name: String
    let place: Place
    let rule: Rule

    enum Rule {
        case singleQuery(Routing)
        case multiQuery(QueryDraft)
        case write(WriteDraft)
        case passThrough(Effect)

        /// Nil for pass-through.
        var routing: Routing? {
            switch self {
            case .singleQuery(let routing): routing
            case .multiQuery(let query): query.routing
            case .write(let write): write.routing
            case .passThrough: nil
            }
        }
    }

    /// What all methods say that the gray switch routes.
    struct Routing {
        let key: GrayKeyDraft
        /// A single query's or a write's own.
        let recordKey: GrayKeyDraft
        /// Nil: the migration's.
        let entity: Placed<String>?
        let absent: GRPCStatus
        let timeoutNanoseconds: UInt64
    }
}
