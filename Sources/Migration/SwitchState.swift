/// The switches of one migration as people write them, without the epoch.
package struct SwitchState: Sendable, Equatable {
    package var phase: Phase
    package var enrolled: KeySelection
    package var gray: KeySelection

    package init(phase: Phase, enrolled: KeySelection, gray: KeySelection) {
        self.phase = phase
        self.enrolled = enrolled
        self.gray = gray
    }
}

extension Phase {
    /// One rung further, or back.
    package func rung(_ distance: Int) -> Phase? {
        Int(rawValue).advanced(by: distance) < 0 ? nil : Phase(rawValue: UInt8(Int(rawValue) + distance))
    }
}
