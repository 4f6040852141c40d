import Migration
import Testing
import WireFormat

@Suite struct CallPlanTests {
    @Test(arguments: [GRPCStatus.notFound, .failedPrecondition])
    func onlyOKAndTheDeclaredStatusAreNotFailures(absent: GRPCStatus) throws {
        let key = try KeyPlan([KeyField(path: FieldPath("1"), type: .string)])
        let plan = CallPlan(
            singleQuery: key, absent: absent, grayFallback: true, timeoutNanoseconds: 1, migrationIndex: 0,
            methodIndex: 0)
        for status in GRPCStatus.allCases {
            let expected: SingleQuery.Outcome = status == .ok ? .ok : status == absent ? .absent : .failed(status)
            #expect(plan.outcome(of: status) == expected)
        }
    }

    @Test func aPassedThroughMethodHasNeitherKeyNorDeadline() {
        let plan = CallPlan(passThrough: .unsafeWrite, migrationIndex: 2, methodIndex: 3)
        #expect(plan.kind == .passThrough)
        #expect(plan.key == nil)
        #expect(plan.timeoutNanoseconds == 0)
        #expect(plan.effect == .unsafeWrite)
        #expect((plan.migrationIndex, plan.methodIndex) == (2, 3))
    }

    @Test func itIsPlainData() {
        #expect(_isPOD(CallPlan.self))
    }
}
