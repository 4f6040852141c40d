import WireFormat

/// What a request about one record says: those parts of Get, Insert, Update, Upsert and Delete that it has, or a whole
/// Record. Its values are slices of the request.
struct RecordRequest {
    var key: [RecordValue] = []
    var grayKey: RecordValue?
    var fields: [(field: Int, value: RecordValue)] = []
    var expectedVersion: Int64?
    var newGrayKey: RecordValue?
}

/// What a Query says.
struct QueryRequest {
    var filter: RecordFilter?
    var grayKey: RecordValue?
    var order: [RecordOrder] = []
    var limit = RequestLimits.defaultPageRecords
    /// The sort key after which the page begins.
    var after: [UInt8]?
    /// Of the request, for the next page's token.
    var digest: RequestDigest
}
