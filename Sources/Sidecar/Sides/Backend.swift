import Migration
import Stores

/// One side of one migration as a worker reaches it: a gRPC service over connections of the worker's own, or a store
/// that all workers share. `Ask` asks it, for a client's call or for a job of the sidecar's own.
enum Backend {
    case service(UpstreamPoolPointer)
    case store(any Store)

    /// Nil where the side is a service.
    var store: (any Store)? {
        if case .store(let store) = self { store } else { nil }
    }
}

extension WorkerPointer {
    func backend(_ side: Side, of migration: Int) -> Backend {
        pointee.backends[migration][side]
    }

    /// What this worker reaches the places by.
    func backends(at places: [SidePair<SidePlace>]) -> [SidePair<Backend>] {
        places.map { places in
            places.map { place in
                switch place {
                case .upstream(let index): .service(pointee.upstreams + index)
                case .store(let store): .store(store)
                }
            }
        }
    }
}

/// Where one side of a migration is, for all workers.
enum SidePlace: Sendable {
    /// By its position in `Configuration.upstreams`.
    case upstream(Int)
    case store(any Store)
}

/// One thing for each side.
struct SidePair<Element> {
    let old: Element
    let new: Element

    subscript(side: Side) -> Element { side == .old ? old : new }

    func map<Other>(_ body: (Element) -> Other) -> SidePair<Other> {
        SidePair<Other>(old: body(old), new: body(new))
    }
}

extension SidePair: Sendable where Element: Sendable {}
