/// The records of a query, page by page. Each iteration asks anew.
public struct RecordSequence<Record: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Record

    let page: @Sendable (PageToken?) async throws -> RecordPage<Record>

    public struct AsyncIterator: AsyncIteratorProtocol {
        let page: @Sendable (PageToken?) async throws -> RecordPage<Record>
        private var records: ArraySlice<Record> = []
        private var token: PageToken?
        private var isLast = false

        init(_ page: @escaping @Sendable (PageToken?) async throws -> RecordPage<Record>) { self.page = page }

        public mutating func next() async throws -> Record? {
            while records.isEmpty {
                if isLast { return nil }
                let next = try await page(token)
                if let missing = next.missing {
                    throw SwitchoverError(
                        .unavailable,
                        "the records of side \(missing.rawValue) are missing; page(...) takes such a page",
                        side: missing, mayRetry: .ifIdempotent)
                }
                records = next.records[...]
                token = next.nextToken
                isLast = token == nil
            }
            return records.popFirst()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(page) }
}
