import GRDB

extension SQLiteStore {
    /// Whether the database and the table are what the configuration says; nothing is changed or started.
    package static func inspect(_ configuration: StoreConfiguration) throws(StoreOpeningFault) {
        let database = try SQLiteSession.open(configuration, isReadOnly: true)
        do {
            try database.inDatabase {
                _ = try SQLiteTableCheck(database: $0, configuration: configuration, setsMode: false).table()
            }
        } catch let fault as StoreOpeningFault {
            throw fault
        } catch {
            throw StoreOpeningFault("\(configuration.path): \(SQLiteSession.words(of: error))")
        }
    }
}
