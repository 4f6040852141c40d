package import WireFormat

/// A set of gray keys as an operator states it: a deny list, an allow list and a percentage, in this order of
/// precedence.
package struct GraySet: ~Copyable, Sendable {
    /// Every key that is not denied is in.
    package let everything: Bool
    package let deny: KeySet
    package let allow: KeySet
    /// Hundredths of a percent, 0...10,000: a key is in when its cohort's bucket is below.
    package let percentTimes100: UInt32
    package let cohort: Cohort

    package init(
        everything: Bool = false, deny: consuming KeySet = KeySet(), allow: consuming KeySet = KeySet(),
        percentTimes100: UInt32 = 0, cohort: Cohort
    ) {
        self.everything = everything
        self.deny = deny
        self.allow = allow
        self.percentTimes100 = percentTimes100
        self.cohort = cohort
    }

    /// Whether every key is in, so that no key needs to be read.
    package var isAll: Bool { deny.isEmpty && (everything || percentTimes100 >= Cohort.bucketCount) }

    /// Whether no key is in, so that no key needs to be read.
    package var isNone: Bool { !everything && allow.isEmpty && percentTimes100 == 0 }

    /// Whether what has no gray key is in the set: only where no list and no cohort decides.
    package var hasNoKey: Bool { everything || percentTimes100 >= Cohort.bucketCount }

    /// Whether every key of this set is in another one of the same migration. Where the lists do not decide it, it is
    /// said not to be.
    package func isSubset(of other: borrowing GraySet) -> Bool {
        if isNone { return true }
        guard allow.allSatisfy({ !contains($0) || other.contains($0) }) else { return false }
        // All other keys.
        let share = everything ? Cohort.bucketCount : percentTimes100
        let otherShare = other.everything ? Cohort.bucketCount : other.percentTimes100
        guard share > 0 else { return true }
        return share <= otherShare && other.deny.allSatisfy { !contains($0) }
    }

    /// Whether a canonical gray key is in the set.
    package func contains(_ key: UnsafeRawBufferPointer) -> Bool {
        if !deny.isEmpty, deny.contains(key) { return false }
        if everything { return true }
        if !allow.isEmpty, allow.contains(key) { return true }
        return percentTimes100 > 0 && cohort.bucket(key) < percentTimes100
    }
}
