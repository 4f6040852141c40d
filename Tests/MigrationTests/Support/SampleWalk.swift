import TestSupport
import Testing
import WireFormat

@testable import Migration

/// One page as a client sees it.
struct SamplePage: Equatable {
    /// A row: whose copy it is, and of which record.
    struct Row: Equatable {
        let side: UInt64
        let id: Int64
    }

    var rows: [Row] = []
    var token: [UInt8] = []
    /// The response's total, which the plan takes from new.
    var total: UInt64?
    /// How often a side was asked for a page.
    var rounds = 0
    /// Of its rows.
    var bytes = 0
}

/// A client that walks over pages, and the shell between machine and sides.
struct SampleWalk {
    var sides: SampleSides
    let stages: SampleStages
    var random: SeededRandom
    /// The most bytes of rows that a page may have.
    var maxAnswerBytes = Int.max

    init(_ sides: SampleSides, random: SeededRandom) {
        self.sides = sides
        self.random = random
        var stages = sides.records.stages
        for record in sides.records.records { stages.ids[sides.service.canonicalKey(record)] = record.id }
        self.stages = stages
    }

    /// Every page until there is no token; more than `most` pages are an error.
    mutating func pages(limit: Int, most: Int) throws -> [SamplePage] {
        var pages: [SamplePage] = []
        var token: [UInt8] = []
        repeat {
            let page = try page(limit: limit, token: token)
            pages.append(page)
            token = page.token
            try #require(pages.count <= most, "the walk does not end")
        } while !token.isEmpty
        return pages
    }

    mutating func page(limit: Int, token: [UInt8]) throws -> SamplePage {
        var query = MultiQuery(plan: sides.service.plan, sides: .both(nil), maxAnswerBytes: maxAnswerBytes)
        var action = query.start(request: sides.service.request(status: sides.status, limit: limit, token: token))
        var rounds = 0
        while true {
            switch action {
            case .ask(let asks):
                if asks.contains(where: { $0.method == nil }) { rounds += 1 }
                action = try reply(asks, &query)
            case .answer(let message, let partial):
                #expect(partial == nil)
                var page = try read(message)
                page.rounds = rounds
                return page
            default: throw Unexpected(action: action)
            }
        }
    }

    struct Unexpected: Error {
        let action: MultiQuery.Action
    }

    /// Replies to the asks in any order; all but the last one are waited on.
    private mutating func reply(_ asks: [MultiQuery.Ask], _ query: inout MultiQuery) throws -> MultiQuery.Action {
        var action = MultiQuery.Action.wait
        for ask in asks.shuffled(using: &random) {
            try #require(action == .wait)
            action = query.replied(ask.side, .message(try sides.answer(ask)), stages: stages)
        }
        return action
    }

    private func read(_ message: [UInt8]) throws -> SamplePage {
        var page = SamplePage()
        let plan = sides.service.plan.rows
        try message.withUnsafeBytes { bytes in
            page.total = try MessageParts(of: bytes, number: 3).number
            var table = RowTable()
            let frame = try plan.scan(bytes, page: 0, into: &table)
            page.token = frame.token.map { Array(message[$0]) } ?? []
            for row in table.rows {
                let content = UnsafeRawBufferPointer(rebasing: bytes[row.range])
                let side = try #require(try MessageParts(of: content, number: 15).number)
                let id = try #require(try MessageParts(of: content, number: 17).number)
                page.bytes += row.end - row.fieldStart
                page.rows.append(.init(side: side, id: Int64(bitPattern: id)))
            }
        }
        return page
    }
}
