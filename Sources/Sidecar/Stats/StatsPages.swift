import EventLoop

/// What the stats port shows, by path.
package struct StatsPages: Sendable {
    private let names: CountedNames
    private let workers: [WorkerCounters]
    private let board: StatusBoard
    private let configuration: String
    private let now: @Sendable () -> UInt64

    /// `workers` are the counters of every worker; `configuration` is shown as it is; `now` is the monotonic clock that
    /// the workers' heartbeats are held against.
    package init(
        names: CountedNames, workers: [WorkerCounters], board: StatusBoard, configuration: String,
        now: @escaping @Sendable () -> UInt64 = { MonotonicClock.nanoseconds }
    ) {
        self.names = names
        self.workers = workers
        self.board = board
        self.configuration = configuration
        self.now = now
    }

    func response(to request: HTTPRequest) -> HTTPResponse {
        guard request.method != .other else {
            return HTTPResponse(.methodNotAllowed, text: "this port only shows: GET and HEAD")
        }
        switch request.path {
        case "/metrics":
            let text = PrometheusText.render(snapshot())
            return HTTPResponse(.ok, contentType: PrometheusText.contentType, body: Array(text.utf8))
        case "/stats": return HTTPResponse(.ok, contentType: "application/json", body: StatsReport(snapshot()).json())
        case "/config":
            return HTTPResponse(.ok, contentType: "application/json", body: Array(configuration.utf8))
        case "/healthz": return health()
        case "/readyz":
            let readiness = board.readiness
            return HTTPResponse(readiness.isReady ? .ok : .unavailable, text: readiness.reason)
        default: return HTTPResponse(.notFound, text: "here are: /metrics /stats /config /healthz /readyz")
        }
    }

    /// Unwell when a worker's loop has been silent.
    private func health() -> HTTPResponse {
        let now = now()
        let silent = workers.indices.filter { !Heartbeat.isAlive(workers[$0], at: now) }
        guard silent.isEmpty else {
            let list = silent.map { "worker \($0)" }.joined(separator: ", ")
            let seconds = Heartbeat.patienceNanoseconds / 1_000_000_000
            return HTTPResponse(.unavailable, text: "no sign of life for \(seconds) seconds: \(list)")
        }
        return HTTPResponse(.ok, text: "ok")
    }

    private func snapshot() -> StatsSnapshot {
        StatsSnapshot(workers, names: names, status: board.status, process: .read())
    }
}
