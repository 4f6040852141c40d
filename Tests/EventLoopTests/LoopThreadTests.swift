import Glibc
import Synchronization
import Testing

@testable import EventLoop

@Suite struct LoopThreadTests {
    /// A start that fails halfway drops threads that run, some of which have hardly begun.
    @Test func droppedThreadEndsWithItsLastReference() throws {
        for round in 0..<200 {
            let ran = Shared()
            do {
                let thread = try LoopThread(name: "dropped")
                try thread.start()
                thread.mailbox.post { ran.count.add(1, ordering: .relaxed) }
                if round.isMultiple(of: 2) { usleep(100) }
            }
            #expect(ran.count.load(ordering: .relaxed) == 1)
        }
    }

    @Test func threadThatWasNeverStartedIsDropped() throws {
        let thread = try LoopThread(name: "never")
        thread.stop()
        thread.join()
    }

    private final class Shared: Sendable {
        let count = Atomic<Int>(0)
    }
}
