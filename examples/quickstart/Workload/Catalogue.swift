import Synchronization

/// The orders that anybody may look up: what was there at first, and what has been inserted since.
final class Catalogue: Sendable {
    struct Entry: Sendable {
        let id: Int64
        let store: String
    }

    private struct State {
        var entries: [Entry]
        var places: [Int64: Int]
    }

    let stores: [String]
    private let state: Mutex<State>

    init(_ orders: [Order]) {
        stores = Set(orders.map(\.store)).sorted()
        let entries = orders.map { Entry(id: $0.id, store: $0.store) }
        state = Mutex(
            State(
                entries: entries,
                places: Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.id, $0) })))
    }

    func add(_ order: Order) {
        state.withLock { state in
            guard state.places[order.id] == nil else { return }
            state.places[order.id] = state.entries.count
            state.entries.append(Entry(id: order.id, store: order.store))
        }
    }

    func remove(_ id: Int64) {
        state.withLock { state in
            guard let place = state.places.removeValue(forKey: id) else { return }
            let last = state.entries.removeLast()
            guard last.id != id else { return }
            state.entries[place] = last
            state.places[last.id] = place
        }
    }

    func random(using generator: inout some RandomNumberGenerator) -> Entry {
        state.withLock { $0.entries.randomElement(using: &generator) } ?? Entry(id: 0, store: "")
    }
}
