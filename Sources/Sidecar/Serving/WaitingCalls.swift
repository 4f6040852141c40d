/// Writes that wait for the end of a change, in the order in which they came. A call is in one list at most, and leaves
/// it at no cost that grows with the list.
struct WaitingCalls {
    private(set) var first: CallPointer?
    private var last: CallPointer?

    mutating func append(_ call: CallPointer) {
        call.pointee.next = nil
        call.pointee.previous = last
        if let last { last.pointee.next = call } else { first = call }
        last = call
    }

    mutating func remove(_ call: CallPointer) {
        let next = call.pointee.next
        let previous = call.pointee.previous
        if let next { next.pointee.previous = previous } else { last = previous }
        if let previous { previous.pointee.next = next } else { first = next }
        call.pointee.next = nil
        call.pointee.previous = nil
    }

    /// All of `other` behind those that are here; `other` is empty then.
    mutating func append(all other: inout WaitingCalls) {
        guard let head = other.first else { return }
        head.pointee.previous = last
        if let last { last.pointee.next = head } else { first = head }
        last = other.last
        other = WaitingCalls()
    }
}
