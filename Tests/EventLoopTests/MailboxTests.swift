import EventLoop
import Glibc
import Synchronization
import Testing

@Suite struct MailboxTests {
    private final class Ledger: Sendable {
        private let entries = Locked<[Int: [Int]]>([:])
        let refused = Atomic<Int>(0)

        func add(_ sender: Int, _ number: Int) { entries.withLock { $0[sender, default: []].append(number) } }
        var all: [Int: [Int]] { entries.withLock { $0 } }
        var count: Int { entries.withLock { $0.values.reduce(0) { $0 + $1.count } } }
    }

    @Test func mailOfSeveralThreadsArrivesOnceAndInEachSendersOrder() throws {
        let loop = try LoopThread(name: "mail")
        let mailbox = loop.mailbox
        let ledger = Ledger()
        try loop.start()
        let senders = (0..<4).map { sender in
            TestThread {
                for number in 0..<5000 { mailbox.post { ledger.add(sender, number) } }
            }
        }
        for sender in senders { sender.join() }
        loop.stop()
        loop.join()
        #expect(ledger.all == Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, Array(0..<5000)) }))
    }

    /// Accepted mail runs, refused mail does not, whenever the loop stops in between.
    @Test func whatIsPostedWhileTheLoopStopsRunsOrIsRefused() throws {
        for _ in 0..<20 {
            let loop = try LoopThread(name: "mail")
            let mailbox = loop.mailbox
            let ledger = Ledger()
            try loop.start()
            let sender = TestThread {
                for number in 0..<2000 where !mailbox.post({ ledger.add(0, number) }) {
                    ledger.refused.add(1, ordering: .relaxed)
                }
            }
            loop.stop()
            sender.join()
            loop.join()
            #expect(ledger.count + ledger.refused.load(ordering: .relaxed) == 2000)
            #expect(!mailbox.post { ledger.add(1, 1) })
            #expect(ledger.all[1] == nil)
        }
    }

    @Test func mailThatPostsMailIsReadInALaterBatch() throws {
        let test = try TestLoop()
        let mailbox = test.loop.pointee.mailbox
        let ledger = Ledger()
        mailbox.post {
            mailbox.post { ledger.add(0, 2) }
            ledger.add(0, 1)
        }
        test.run(until: { ledger.count == 2 })
        #expect(ledger.all == [0: [1, 2]])
    }
}
