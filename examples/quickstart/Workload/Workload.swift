import ArgumentParser
import Foundation
import SwitchoverClient
import Synchronization

/// The app of the quickstart: shoppers that read and write orders through the sidecar until standard input ends.
@main
struct Workload: AsyncParsableCommand {
    @Option(help: "Where the sidecar listens.")
    var address: String

    @Option(help: "The orders that are there at first, a CSV file.")
    var orders: String

    @Option(help: "Where a line is written for each call.")
    var log: String

    @Option(help: "How many clients shop at the same time.")
    var shoppers = 6

    @Option(help: "Of the random choices.")
    var seed: UInt64 = 1

    func run() async throws {
        let client = try SwitchoverClient(address)
        defer { client.close() }
        let records = client.records(of: "orders", as: Order.self, key: ["order_id"], grayKey: "store_id")
        let known = try Order.read(orders)
        let catalogue = Catalogue(known)
        let log = try CallLog(log)
        let isOver = Self.endOfInput()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<shoppers {
                let own = known.enumerated().filter { $0.offset % shoppers == number }.map(\.element)
                var shopper = Shopper(
                    number, seed: seed, orders: records, own: own, catalogue: catalogue, log: log)
                group.addTask { try await shopper.shop(until: isOver) }
            }
            group.addTask { try await Shopper.walk(records, log: log, until: isOver) }
            group.addTask { try await Self.report(log, until: isOver) }
            try await group.waitForAll()
        }
    }

    /// A line of JSON on standard output, five times a second.
    private static func report(_ log: CallLog, until isOver: @Sendable () -> Bool) async throws {
        while !isOver() {
            try await Task.sleep(for: .milliseconds(200))
            var line = try JSONEncoder().encode(log.progress())
            line.append(UInt8(ascii: "\n"))
            try FileHandle.standardOutput.write(contentsOf: line)
        }
    }

    private static func endOfInput() -> @Sendable () -> Bool {
        final class Flag: Sendable {
            let isSet = Atomic<Bool>(false)
        }
        let flag = Flag()
        Thread.detachNewThread {
            while readLine() != nil {}
            flag.isSet.store(true, ordering: .relaxed)
        }
        return { flag.isSet.load(ordering: .relaxed) }
    }
}
