/// Why there is no plan for reading a response's rows; the description is for the person who wrote it.
package enum RowPlanError: Error, Equatable, CustomStringConvertible {
    case fieldNumber(UInt32)
    case tooManyTerms(Int)
    /// A field at the row's top has no holder.
    case noHolder(FieldPath)
    case keysetNeedsBytes
    case tokensNeedFields
    case sharedField(UInt32)
    case limit
    case lookUpParts

    package var description: String {
        switch self {
        case .fieldNumber(let number): "\(number) is not the number of a protobuf field"
        case .tooManyTerms(let count): "an order has \(count) terms; at most \(RowPlan.maxTerms) are compared"
        case .noHolder(let path): "the field \(path) stands at the top of the row: no message holds it"
        case .keysetNeedsBytes: "keyset tokens need an order of one ascending bytes field at the row's top"
        case .tokensNeedFields: "page tokens need the field of the request and that of the response"
        case .sharedField(let number): "field \(number) has two uses in one message"
        case .lookUpParts: "a look-up key has one part, or several with a field of the request's element for each"
        case .limit: "a default limit is at least 1 and at most the maximum"
        }
    }
}

/// How rows are read from a response, ordered, and asked for page by page; made once from the configuration.
///
/// All field numbers stand at the top of their message; paths count from the top of a row.
package struct RowPlan: Sendable, Equatable {
    package static let maxTerms = 16

    /// The response's repeated message that holds the rows.
    package let field: UInt32
    package let key: KeyPlan
    /// Nil where rows do not tell their gray key.
    package let grayKey: KeyPlan?
    /// The declared order, the record key's components last unless the order is total without them.
    package let order: [OrderTerm]
    package let paging: PagePlan
    /// The row's field that is the whole position, if the order is nothing but it.
    let positionField: UInt32?

    /// - Parameter isTotal: no two rows of one side are equal in `order`; else the record key ends it.
    package init(
        field: UInt32, key: KeyPlan, grayKey: KeyPlan? = nil, order: [OrderTerm], isTotal: Bool = false,
        paging: PagePlan = .none
    ) throws(RowPlanError) {
        guard FieldNumber.isValid(field) else { throw .fieldNumber(field) }
        guard paging.responseTokenField != field else { throw .sharedField(field) }
        let terms = order + (isTotal ? [] : (0..<key.count).map { OrderTerm(key[$0]) })
        guard !terms.isEmpty, terms.count <= Self.maxTerms else { throw .tooManyTerms(terms.count) }
        for term in terms where term.absence == .isNullWithoutHolder && term.holder == nil {
            throw .noHolder(term.path)
        }
        self.field = field
        self.key = key
        self.grayKey = grayKey
        self.order = terms
        self.paging = paging
        positionField = Self.positionField(terms)
        guard paging.tokens != .keyset || positionField != nil else { throw .keysetNeedsBytes }
    }

    /// A single ascending text compares as it is and needs no form of its own.
    private static func positionField(_ terms: [OrderTerm]) -> UInt32? {
        guard terms.count == 1, let term = terms.first, !term.isDescending, term.absence == .isDefault else {
            return nil
        }
        guard case .scalar(let type) = term.type, type.isText else { return nil }
        return term.path.topLevelNumber
    }
}

/// What a service's page tokens are.
package enum TokenForm: UInt8, Sendable, CaseIterable {
    /// The service has none: what one answer holds is all there is to get.
    case none
    /// `PageToken`: both sides go on after a position, whoever made the token.
    case keyset
    /// Each side's own, which only that side understands.
    case opaque
}

/// How a service is asked for one page after another.
package struct PagePlan: Sendable, Equatable {
    package let tokens: TokenForm
    /// The request's field with the limit, an integer on the wire as a varint; nil where there is none.
    package let limitField: UInt32?
    /// The limit of a request without one; nil leaves it to the sides.
    package let defaultLimit: Int?
    /// A larger limit gives pages of this size, as far as there are tokens to go on with.
    package let maximumLimit: Int
    package let requestTokenField: UInt32?
    package let responseTokenField: UInt32?

    package static let none = PagePlan()

    private init() {
        tokens = .none
        limitField = nil
        defaultLimit = nil
        maximumLimit = 1000
        requestTokenField = nil
        responseTokenField = nil
    }

    package init(
        tokens: TokenForm, limitField: UInt32?, defaultLimit: Int? = nil, maximumLimit: Int = 1000,
        requestTokenField: UInt32? = nil, responseTokenField: UInt32? = nil
    ) throws(RowPlanError) {
        for number in [limitField, requestTokenField, responseTokenField] {
            if let number, !FieldNumber.isValid(number) { throw .fieldNumber(number) }
        }
        if let limitField, limitField == requestTokenField { throw .sharedField(limitField) }
        let hasTokens = requestTokenField != nil && responseTokenField != nil
        guard (tokens == .none) != hasTokens else { throw .tokensNeedFields }
        guard maximumLimit >= 1, (1...maximumLimit).contains(defaultLimit ?? 1) else { throw .limit }
        self.tokens = tokens
        self.limitField = limitField
        self.defaultLimit = defaultLimit
        self.maximumLimit = maximumLimit
        self.requestTokenField = requestTokenField
        self.responseTokenField = responseTokenField
    }
}
