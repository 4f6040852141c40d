import Testing
import WireFormat

@Suite struct KeyPlanTests {
    @Test func aPlanKeepsItsComponents() throws {
        let plan = try KeyPlan("1:string", "2.1:int32:required")
        #expect(plan.count == 2)
        #expect(plan[0] == KeyField(path: try FieldPath("1"), type: .string))
        #expect(plan[1] == KeyField(path: try FieldPath("2.1"), type: .int32, presence: .required))
    }

    @Test func oneToFourComponents() throws {
        let field = KeyField(path: try FieldPath("1"), type: .string)
        #expect(throws: KeyPlanError.noComponents) { try KeyPlan([KeyField]()) }
        #expect(try KeyPlan(Array(repeating: field, count: 4)).count == 4)
        #expect(throws: KeyPlanError.tooManyComponents(5)) { try KeyPlan(Array(repeating: field, count: 5)) }
    }

    @Test func plansDifferByAnyComponent() throws {
        let plan = try KeyPlan("1:string", "2:int32")
        #expect(try plan == KeyPlan("1:string", "2:int32"))
        #expect(try plan != KeyPlan("1:string"))
        #expect(try plan != KeyPlan("1:string", "2:int64"))
        #expect(try plan != KeyPlan("1:string", "3:int32"))
        #expect(try plan != KeyPlan("1:string", "2:int32:required"))
    }

    @Test func aPlanIsPlainBits() {
        #expect(_isPOD(KeyPlan.self))
        #expect(_isPOD(KeyScan.self))
        #expect(MemoryLayout<KeyPlan>.size <= 160)
    }
}
