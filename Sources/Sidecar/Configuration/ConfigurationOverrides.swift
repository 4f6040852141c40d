/// Options of the command line that override the file. They are texts as typed, and are checked as the file's values
/// are.
package struct ConfigurationOverrides: Sendable, Equatable {
    package var listen: String?
    /// `NAME=ADDR` each.
    package var upstreams: [String] = []
    /// An address, or `off`.
    package var stats: String?
    package var control: String?
    package var workers: String?
    package var logLevel: String?
    package var logFormat: String?
    package var allowRemote = false

    package init() {}
}
