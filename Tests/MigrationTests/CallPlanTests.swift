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

    /// For each kind the stages, common to all keys, at which the request is read; and those at which it is read only
    /// while a change is under way.
    @Test func requestsAreReadWhereThatMatters() throws {
        let key = try KeyPlan([KeyField(path: FieldPath("1"), type: .string)])
        func write(isAlwaysRead: Bool) -> CallPlan {
            CallPlan(
                write: .update, key: key, absent: .notFound, timeoutNanoseconds: 1, migrationIndex: 0, methodIndex: 0,
                isAlwaysRead: isAlwaysRead)
        }
        func query(hasOpaqueTokens: Bool) -> CallPlan {
            CallPlan(
                multiQuery: key, hasOpaqueTokens: hasOpaqueTokens, timeoutNanoseconds: 1, migrationIndex: 0,
                methodIndex: 0)
        }
        let single = CallPlan(
            singleQuery: key, absent: .notFound, grayFallback: true, timeoutNanoseconds: 1, migrationIndex: 0,
            methodIndex: 0)
        let merged: [Stage] = [.dualOld, .dualNew]
        let written = merged + [.newMirrored]
        let rows: [(plan: CallPlan, read: [Stage], held: [Stage])] = [
            (single, [], []),
            (CallPlan(passThrough: .read, migrationIndex: 0, methodIndex: 0), [], []),
            (query(hasOpaqueTokens: false), merged, merged),
            (query(hasOpaqueTokens: true), written + [.new], written + [.new]),
            (write(isAlwaysRead: false), written, Stage.allCases),
            (write(isAlwaysRead: true), Stage.allCases, Stage.allCases),
        ]
        for (plan, read, held) in rows {
            for stage in Stage.allCases {
                #expect(plan.mustRead(at: stage, isHeld: false) == read.contains(stage), "\(plan.kind) \(stage)")
                #expect(plan.mustRead(at: stage, isHeld: true) == held.contains(stage), "\(plan.kind) \(stage)")
                #expect(plan.readsToken(at: stage) == (plan.hasOpaqueTokens && stage != .old))
            }
        }
    }

    @Test func itIsPlainData() {
        #expect(_isPOD(CallPlan.self))
    }
}
