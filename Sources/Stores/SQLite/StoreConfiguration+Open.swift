extension StoreConfiguration {
    /// Opens the database, checks that the table is what the configuration says, and begins to take requests.
    package func open() throws(StoreOpeningFault) -> any Store { try SQLiteStore(self) }
}
