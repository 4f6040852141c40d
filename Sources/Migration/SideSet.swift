/// None, one or both of the sides.
package struct SideSet: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let old = SideSet(.old)
    package static let new = SideSet(.new)
    package static let both: SideSet = [.old, .new]

    package init(_ side: Side) { self.init(rawValue: 1 << side.rawValue) }

    package func contains(_ side: Side) -> Bool { contains(SideSet(side)) }
    package mutating func remove(_ side: Side) { remove(SideSet(side)) }
}
