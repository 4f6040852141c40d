import Testing

@testable import WireFormat

@Suite struct RowPlanTests {
    @Test func aPlanThatCannotWorkIsRefused() throws {
        let key = try KeyPlan("1:string")
        let term = OrderTerm(path: try FieldPath("2"), type: .double)
        #expect(throws: RowPlanError.fieldNumber(0)) { try RowPlan(field: 0, key: key, order: []) }
        #expect(throws: RowPlanError.fieldNumber(19_000)) { try RowPlan(field: 19_000, key: key, order: []) }
        #expect(throws: RowPlanError.tooManyTerms(0)) { try RowPlan(field: 1, key: key, order: [], isTotal: true) }
        #expect(throws: RowPlanError.tooManyTerms(17)) {
            try RowPlan(field: 1, key: key, order: Array(repeating: term, count: 16))
        }
        let holderless = OrderTerm(path: try FieldPath("2"), type: .double, absence: .isNullWithoutHolder)
        #expect(throws: RowPlanError.noHolder(holderless.path)) {
            try RowPlan(field: 1, key: key, order: [holderless])
        }
    }

    @Test func pagingNeedsItsFields() throws {
        let key = try KeyPlan("1:string")
        let term = OrderTerm(path: try FieldPath("2"), type: .double)
        #expect(throws: RowPlanError.tokensNeedFields) { try PagePlan(tokens: .opaque, limitField: 1) }
        #expect(throws: RowPlanError.tokensNeedFields) {
            try PagePlan(tokens: .none, limitField: 1, requestTokenField: 2, responseTokenField: 3)
        }
        #expect(throws: RowPlanError.sharedField(2)) {
            try PagePlan(tokens: .opaque, limitField: 2, requestTokenField: 2, responseTokenField: 3)
        }
        #expect(throws: RowPlanError.limit) { try PagePlan(tokens: .none, limitField: 1, maximumLimit: 0) }
        #expect(throws: RowPlanError.limit) {
            try PagePlan(tokens: .none, limitField: 1, defaultLimit: 5, maximumLimit: 4)
        }
        let keyset = try PagePlan(tokens: .keyset, limitField: 1, requestTokenField: 2, responseTokenField: 3)
        #expect(throws: RowPlanError.keysetNeedsBytes) {
            try RowPlan(field: 1, key: key, order: [term], paging: keyset)
        }
        #expect(throws: RowPlanError.sharedField(3)) { try RowPlan(field: 3, key: key, order: [term], paging: keyset) }
    }

    @Test func theRecordKeyEndsTheOrder() throws {
        let term = OrderTerm(path: try FieldPath("4"), type: .float, isDescending: true)
        let plan = try RowPlan(field: 1, key: KeyPlan("1:string", "2.3:sint64"), order: [term])
        #expect(plan.order.map(\.path.description) == ["4", "1", "2.3"])
        #expect(plan.order.map(\.isDescending) == [true, false, false])
        #expect(plan.order.map(\.type.name) == ["float", "string", "sint64"])
    }

    @Test func everyErrorSaysWhatIsWrong() throws {
        let errors: [RowPlanError] = [
            .fieldNumber(0), .tooManyTerms(17), .noHolder(try FieldPath("3")), .keysetNeedsBytes, .tokensNeedFields,
            .sharedField(7), .limit, .lookUpParts,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
