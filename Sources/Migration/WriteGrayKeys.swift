/// The canonical gray keys of a write; nil where it is not known, or not changed.
package struct WriteGrayKeys: Sendable, Equatable {
    package var present: [UInt8]?
    /// The record has none, and it is known.
    package var hasNone: Bool
    package var next: [UInt8]?

    package init(present: [UInt8]? = nil, hasNone: Bool = false, next: [UInt8]? = nil) {
        self.present = present
        self.hasNone = hasNone
        self.next = next
    }

    package var isMove: Bool { next != nil && next != present }

    package var noted: NotedKey {
        if let next, next != present { return .moves(from: present, to: next) }
        return present.map { .has($0) } ?? .unsaid
    }

    /// The one that the record has once a side has taken the write.
    package var after: [UInt8]? { next ?? present }
}

/// What a write says of the record's gray key.
package enum NotedKey: Equatable, Sendable {
    /// Nothing: it is as it was.
    case unsaid
    /// It has this one.
    case has([UInt8])
    /// The write may give it another one than it has: one of the two, once it is over. Without the first, any.
    case moves(from: [UInt8]?, to: [UInt8])

    /// Both may be so.
    func or(_ other: NotedKey) -> NotedKey {
        switch (self, other) {
        case (.unsaid, _): other
        case (_, .unsaid): self
        case (.has(let one), .has(let two)): one == two ? self : .moves(from: one, to: two)
        case (.has(let key), .moves(let from?, let to)) where key == from || key == to: other
        case (.moves(let from?, let to), .has(let key)) where key == from || key == to: self
        case (.has, .moves(_, let to)), (.moves, .moves(_, let to)):
            self == other ? self : .moves(from: nil, to: to)
        case (.moves(_, let to), .has): .moves(from: nil, to: to)
        }
    }

    /// Whether a write that says the other may be of this record, as far as is known.
    func allows(_ other: NotedKey) -> Bool {
        switch (self, other) {
        case (.unsaid, _), (_, .unsaid): true
        case (.has(let key), .moves(let from, _)): key == from
        default: self == other
        }
    }
}
