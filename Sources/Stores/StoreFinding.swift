package import Migration

/// What a look into the databases of a migration found, for a person.
package struct StoreFinding: Sendable, Equatable {
    package enum Weight: Sendable, Equatable {
        /// Calls will fail by it.
        case error
        /// Somebody has to know it.
        case warning
    }

    package let weight: Weight
    /// The side whose database or table it is about.
    package let side: Side
    package let words: String

    init(_ weight: Weight, _ side: Side, _ words: String) {
        self.weight = weight
        self.side = side
        self.words = words
    }
}
