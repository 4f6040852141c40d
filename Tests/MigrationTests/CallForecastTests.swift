import Testing
import WireFormat

@testable import Migration

@Suite struct CallForecastTests {
    private func key() throws -> KeyPlan { try KeyPlan([KeyField(path: FieldPath("1"), type: .string)]) }

    private func write(_ kind: CallKind, at stage: Stage) throws -> CallForecast {
        let request = DerivedRequest(path: "/a.B/C", template: MessageTemplate([]))
        let write = WritePlan(
            recordKey: try key(), inserts: .new, guardsInserts: true, lookUp: request, put: request,
            putOrInsert: request)
        let plan = CallPlan(
            write: kind, key: try key(), absent: .notFound, timeoutNanoseconds: 1, migrationIndex: 0, methodIndex: 0)
        return CallForecast(plan, write: write, at: stage)
    }

    @Test func writesAreWhatTheirMachinesDo() throws {
        #expect(try write(.update, at: .old) == CallForecast(usual: ["old"], absent: nil))
        #expect(
            try write(.update, at: .dualOld)
                == CallForecast(usual: ["old", "new is given the record if it has one"], absent: ["old", "new"]))
        #expect(
            try write(.insert, at: .dualNew) == CallForecast(usual: ["look up on old", "new"], absent: nil))
        #expect(
            try write(.insert, at: .newMirrored)
                == CallForecast(usual: ["look up on old", "new", "old is given the record"], absent: nil))
        #expect(
            try write(.delete, at: .dualNew)
                == CallForecast(usual: ["look up on new", "old", "new"], absent: ["look up on new", "old"]))
        #expect(try write(.upsert, at: .new) == CallForecast(usual: ["new"], absent: nil))
    }

    @Test func updatesThatChangeTheGrayKeyAreWhatTheirMachineDoes() throws {
        let request = DerivedRequest(path: "/a.B/C", template: MessageTemplate([]))
        let write = WritePlan(
            recordKey: try key(), inserts: .new, guardsInserts: true, lookUp: nil, put: request, putOrInsert: request,
            erase: request, newGrayKey: try key())
        let plan = CallPlan(
            write: .update, key: try key(), absent: .notFound, timeoutNanoseconds: 1, migrationIndex: 0, methodIndex: 0)
        func forecast(_ present: Stage, _ next: Stage?) -> CallForecast {
            CallForecast(plan, write: write, at: present, to: next)
        }
        #expect(
            forecast(.old, .dualNew) == CallForecast(usual: ["old", "new is given the record"], absent: ["old"]))
        #expect(
            forecast(.dualNew, .old)
                == CallForecast(
                    usual: ["new", "old is given the record", "new loses its row"], absent: ["new", "old"]))
        #expect(forecast(.old, .old) == forecast(.old, nil))
        #expect(forecast(.dualOld, .dualOld) == forecast(.dualOld, nil))
    }

    @Test func queriesAreWhatTheirMachinesDo() throws {
        let plan = CallPlan(
            singleQuery: try key(), absent: .notFound, grayFallback: false, timeoutNanoseconds: 1, migrationIndex: 0,
            methodIndex: 0)
        #expect(
            CallForecast(plan, write: nil, at: .dualOld) == CallForecast(usual: ["old"], absent: ["old", "new"]))
        #expect(CallForecast(plan, write: nil, at: .dualNew) == CallForecast(usual: ["new"], absent: nil))
        let many = CallPlan(multiQuery: nil, timeoutNanoseconds: 1, migrationIndex: 0, methodIndex: 0)
        #expect(CallForecast(many, write: nil, at: .newMirrored).usual == ["new"])
        #expect(
            CallForecast(many, write: nil, at: .dualNew).usual == ["old and new, merged by what new says"])
        let other = CallPlan(passThrough: .read, migrationIndex: 0, methodIndex: 0)
        #expect(CallForecast(other, write: nil, at: .dualNew).usual == ["old"], "it follows the total switch")
    }
}
