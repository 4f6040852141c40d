import Migration
import TestSupport
import Testing

@testable import Sidecar

@Suite struct RouteTableTests {
    private func route(_ index: Int) -> Route {
        Route(
            planPointer: nil, keyPointer: nil, writePointer: nil, queryPointer: nil, recordsPointer: nil,
            entitiesPointer: nil, counterIndex: index,
            oldUpstream: index,
            newUpstream: index + 1)
    }

    private func find(_ path: String, in table: borrowing RouteTable) -> Int {
        Array(path.utf8).withUnsafeBufferPointer { table.route(for: $0).pointee.counterIndex }
    }

    @Test func methodThenServiceThenLastResort() {
        let table = RouteTable(
            routes: [("/s.A/Get", route(1)), ("/s.A/Put", route(2)), ("/s.A/", route(3)), ("/s.B/", route(4))],
            unmatched: route(9))
        let paths = [
            "/s.A/Get", "/s.A/Put", "/s.A/Other", "/s.A/get", "/s.A/Get/", "/s.B/Get", "/s.C/Get", "/s.AA/Get", "/s.A",
            "", "/", "x", "/s.A/", "/s.A/Get/More",
        ]
        #expect(paths.map { find($0, in: table) } == [1, 2, 3, 3, 9, 4, 9, 9, 9, 9, 9, 9, 3, 9])
        #expect(table.unmatchedRoute.pointee.counterIndex == 9)
    }

    @Test func sidesAreTheirUpstreams() {
        let table = RouteTable(routes: [], unmatched: route(5))
        #expect(table.unmatchedRoute.pointee.upstream(.old) == 5 && table.unmatchedRoute.pointee.upstream(.new) == 6)
    }

    /// Each of many is found, whatever slots they share; and of as many that are not there none is.
    @Test(arguments: [0, 1, 7, 8, 9, 100, 5000]) func manyAreFound(count: Int) {
        let table = RouteTable(
            routes: (0..<count).map { ("/pkg.Service\($0 / 10)/Method\($0)", route($0)) }, unmatched: route(-1))
        for index in 0..<count { #expect(find("/pkg.Service\(index / 10)/Method\(index)", in: table) == index) }
        for index in 0..<count { #expect(find("/pkg.Service\(index / 10)/Method\(index)x", in: table) == -1) }
    }

    @Test(arguments: [61, 62] as [UInt64]) func agreesWithADictionary(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var names: [String: Int] = [:]
        for index in 0..<300 {
            let name = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                "/" + String(repeating: ["a", "b"].randomElement(using: &random)!, count: Int(random.next() % 5))
            }
            names[name.joined()] = index
        }
        let table = RouteTable(routes: names.map { ($0.key, route($0.value)) }, unmatched: route(-1))
        for _ in 0..<2000 {
            let path = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                "/" + String(repeating: ["a", "b", "c"].randomElement(using: &random)!, count: Int(random.next() % 5))
            }.joined()
            let service = String(path[...path.lastIndex(of: "/")!])
            #expect(find(path, in: table) == names[path] ?? names[service] ?? -1, "\(path)")
        }
    }
}
