/// A point in time at which something happens, linked into a `TimerWheel` by its own fields.
///
/// The owner embeds it in its pooled record, so that setting and cancelling a deadline allocates nothing.
package struct Timer {
    @usableFromInline var next: UnsafeMutablePointer<Timer>?
    @usableFromInline var previous: UnsafeMutablePointer<Timer>?
    @usableFromInline var slot: Int32 = -1
    @usableFromInline var tick: UInt64 = 0
    /// What runs, on the loop's thread, when the time has come; it gets `context`.
    package let fire: @convention(c) (UnsafeMutableRawPointer) -> Void
    package let context: UnsafeMutableRawPointer

    @inlinable package init(
        context: UnsafeMutableRawPointer,
        fire: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) {
        self.context = context
        self.fire = fire
    }

    /// Whether the timer is set.
    @inlinable package var isArmed: Bool { slot >= 0 }
}

/// A hierarchical timing wheel: four levels of 256 slots, one tick a millisecond, 2^32 ticks far.
///
/// Setting and cancelling are a handful of instructions whatever the number of pending timers (Varghese and Lauck,
/// "Hashed and Hierarchical Timing Wheels", 1987): a bitmap for each level finds the next occupied slot, so an idle
/// loop sleeps until something is due. Pure: it is told the time, and hands expired timers out one by one.
package struct TimerWheel: ~Copyable {
    @usableFromInline static var levels: Int { 4 }
    @usableFromInline static var slotsPerLevel: Int { 256 }
    /// The farthest a timer can be set, in ticks; later ones fire then.
    @usableFromInline static var horizon: UInt64 { (1 << 32) - 1 }

    @usableFromInline let heads: UnsafeMutablePointer<UnsafeMutablePointer<Timer>?>
    @usableFromInline let occupied: UnsafeMutablePointer<UInt64>
    /// The tick up to which everything has been handed out.
    @usableFromInline package private(set) var current: UInt64
    /// How many timers are set.
    @usableFromInline package private(set) var count = 0

    package init(now tick: UInt64) {
        let slots = Self.levels * Self.slotsPerLevel
        heads = .allocate(capacity: slots)
        heads.initialize(repeating: nil, count: slots)
        occupied = .allocate(capacity: slots / 64)
        occupied.initialize(repeating: 0, count: slots / 64)
        current = tick
    }

    deinit {
        heads.deallocate()
        occupied.deallocate()
    }

    /// Sets `timer` to fire at `tick`, or at once on the next `popExpired` when that has passed. Sets it anew when it
    /// is set.
    package mutating func arm(_ timer: UnsafeMutablePointer<Timer>, at tick: UInt64) {
        if timer.pointee.isArmed { disarm(timer) }
        timer.pointee.tick = min(max(tick, current + 1), current + Self.horizon)
        link(timer)
        count += 1
    }

    /// Cancels `timer`; nothing happens when it is not set.
    package mutating func disarm(_ timer: UnsafeMutablePointer<Timer>) {
        guard timer.pointee.isArmed else { return }
        unlink(timer)
        count -= 1
    }

    /// The tick at which `popExpired` has something to do, or nil when no timer is set. Never later than the first
    /// timer.
    package var nextTick: UInt64? {
        guard count > 0 else { return nil }
        var earliest: UInt64?
        for level in 0..<Self.levels {
            guard let tick = nextTick(level: level) else { continue }
            earliest = min(earliest ?? tick, tick)
        }
        return earliest
    }

    /// Takes out one timer that is due at `tick` or before; nil when there is none left, from when on `current` is
    /// `tick`.
    package mutating func popExpired(at tick: UInt64) -> UnsafeMutablePointer<Timer>? {
        while true {
            if let timer = heads[Int(current & 255)], timer.pointee.tick <= current {
                disarm(timer)
                return timer
            }
            guard let next = nextTick, next <= tick else {
                current = max(current, tick)
                return nil
            }
            current = next
            cascade()
        }
    }

    // MARK: - Slots

    private func nextTick(level: Int) -> UInt64? {
        let shift = UInt64(8 * level)
        let position = current >> shift
        guard let distance = distanceToOccupied(level: level, from: Int(position & 255)) else { return nil }
        return (position + UInt64(distance)) << shift
    }

    /// Ring distance, 1 to 256, from the slot `from` to the next occupied one of a level.
    private func distanceToOccupied(level: Int, from: Int) -> Int? {
        let words = occupied + level * 4
        var index = (from + 1) & 255
        var passed = 1
        while passed <= 256 {
            let bits = words[index >> 6] >> UInt64(index & 63)
            if bits != 0 {
                let distance = passed + bits.trailingZeroBitCount
                return distance <= 256 ? distance : nil
            }
            let step = 64 - (index & 63)
            passed += step
            index = (index + step) & 255
        }
        return nil
    }

    /// Moves the timers of the higher levels' slots that begin at `current` one or more levels down.
    private mutating func cascade() {
        for level in (1..<Self.levels).reversed() where current & ((1 << UInt64(8 * level)) - 1) == 0 {
            let slot = level * Self.slotsPerLevel + Int((current >> UInt64(8 * level)) & 255)
            while let timer = heads[slot] {
                unlink(timer)
                link(timer)
            }
        }
    }

    private mutating func link(_ timer: UnsafeMutablePointer<Timer>) {
        let tick = timer.pointee.tick
        let distance = tick - current
        let level = distance < 1 << 8 ? 0 : distance < 1 << 16 ? 1 : distance < 1 << 24 ? 2 : 3
        let slot = level * Self.slotsPerLevel + Int((tick >> UInt64(8 * level)) & 255)
        let head = heads[slot]
        timer.pointee.slot = Int32(truncatingIfNeeded: slot)
        timer.pointee.previous = nil
        timer.pointee.next = head
        head?.pointee.previous = timer
        heads[slot] = timer
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
    }

    private mutating func unlink(_ timer: UnsafeMutablePointer<Timer>) {
        let slot = Int(timer.pointee.slot)
        let next = timer.pointee.next
        next?.pointee.previous = timer.pointee.previous
        if let previous = timer.pointee.previous {
            previous.pointee.next = next
        } else {
            heads[slot] = next
            if next == nil { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
        }
        timer.pointee.slot = -1
        timer.pointee.next = nil
        timer.pointee.previous = nil
    }
}
