import TestSupport
import Testing
import WireFormat

@testable import Migration

/// Random records over two sides with stale followers: every page is what the query is on the authorities' rows.
@Suite struct MultiQueryRandomTests {
    /// A seed that fails here replays alone: put it in place of the range.
    static let seeds: Range<UInt64> = 0..<150

    @Test(arguments: seeds, SampleService.Form.allCases)
    func everyPageIsTheQueryOnTheAuthoritiesRows(seed: UInt64, form: SampleService.Form) throws {
        var random = SeededRandom(seed: seed)
        let stages: [Stage] =
            random.chance(1, in: 8)
            ? Stage.allCases : random.chance(1, in: 4) ? [.dualOld] : [.old, .dualOld, .dualNew]
        let records = SampleRecords(count: Int.random(in: 0...14, using: &random), stages: stages, random: &random)
        let order = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            SampleOrder(column: Int.random(in: 0..<6, using: &random), isDescending: Bool.random(using: &random))
        }
        let key = try #require(SampleKey.allCases.randomElement(using: &random))
        let service = try SampleService(form, key: key, order: order, maximumLimit: 12)
        let status = random.chance(1, in: 3) ? nil : Int.random(in: 0...2, using: &random)
        var sides = SampleSides(service, records, status: status, random: random)
        sides.isMoody = random.chance(1, in: 3)
        let truth = records.truth(status: status, order, key).map {
            SamplePage.Row(side: UInt64($0.side.rawValue) + 1, id: $0.record.id)
        }
        for limit in 1...13 {
            var walk = SampleWalk(sides, random: random)
            if random.chance(1, in: 4) { walk.maxAnswerBytes = Int.random(in: 1...300, using: &random) }
            try check(&walk, limit: limit, truth, "seed \(seed), \(form), limit \(limit)")
        }
    }

    private func check(
        _ walk: inout SampleWalk, limit: Int, _ truth: [SamplePage.Row], _ name: Comment
    ) throws {
        let form = walk.sides.service.form
        let pages = form == .none ? [try walk.page(limit: limit, token: [])] : try walk.pages(limit: limit, most: 200)
        let pageSize = form == .none ? limit : min(limit, 12)
        var at = 0
        for page in pages {
            let expected = truth[at...].prefix(pageSize)
            let isWhole = page.rounds < MultiQuery.maxRounds && walk.maxAnswerBytes == .max || form == .none
            if isWhole {
                #expect(page.rows == Array(expected), name)
            } else {
                #expect(page.rows == Array(expected.prefix(page.rows.count)), name)
                #expect(page.bytes <= walk.maxAnswerBytes || page.rows.count == 1, name)
            }
            at += page.rows.count
            try #require(at <= truth.count, name)
        }
        if form != .none { #expect(at == truth.count, name) }
    }
}
