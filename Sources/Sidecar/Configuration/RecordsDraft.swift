import Stores

/// A migration's `records:` before it is checked as a whole; what could not be read is left out and reported.
struct RecordsDraft {
    let place: Place
    var entity: Placed<String>?
    var fields: [Placed<RecordEntity.Field>] = []
    /// Whether a field could not be read: names may then be unknown for no fault of theirs.
    var isIncomplete = false
    /// Whether a key is written, be it an empty list.
    var hasKey = false
    var key: [Placed<String>] = []
    var grayKey: Placed<String>?
    var version: Placed<String>?
    var old: MappingDraft?
    var new: MappingDraft?

    /// How the fields are stored in one side's table.
    struct MappingDraft {
        let place: Place
        var table: Placed<String>?
        var columns: [ColumnDraft] = []
        var constants: [Placed<StoreConfiguration.Constant>] = []
        /// Nil where it is not said.
        var enforcesForeignKeys: Bool?
        /// Whether a column could not be read.
        var isIncomplete = false
    }

    struct ColumnDraft {
        let field: Placed<String>
        let column: StoreConfiguration.Column
    }
}
