import Stores

/// A configuration to start from: what can be read is filled in, what can only be guessed is marked, and what somebody
/// has to decide is written so that `check` names its line.
package enum StarterConfiguration {
    /// Why there is nothing to start from, in words for who asked.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// What stands, without quotes, where a person has to decide: `check` and `serve` refuse it wherever it is.
    static let undecided = "decide"

    /// One side's table.
    package struct Table {
        let path: String
        let name: String

        package init(path: String, name: String) {
            self.path = path
            self.name = name
        }
    }

    /// Without any source.
    package static var template: String {
        head("switchover init") + """
            upstreams:
              orders-old: { address: 127.0.0.1:50051 }                # decide: where the old service is
              orders-new: { address: 127.0.0.1:50052 }                # decide: where the new service is

            migrations:
              orders:                                                 # a name for commands and metrics
                old: orders-old
                new: orders-new
                services: [shop.v1.Orders]                            # decide: package.Service, as in the .proto file
                # The field by which the rollout goes, in retail the store: numbers of the .proto file, 1.3 for
                # one within another.
                gray_key: { path: 1, type: string }                   # decide
                # The field that tells records apart; methods that write need it.
                record_key: { path: 2, type: int64 }                  # decide
                methods:
                  # kind: single_query, multi_query, update, upsert, insert, delete, or pass_through (effect: read or
                  # unsafe_write). `switchover init --descriptor FILE` lists and guesses them all.
                  Get: { kind: single_query }                         # decide

            """
    }

    /// - Parameters:
    ///   - descriptor: a serialized `google.protobuf.FileDescriptorSet`.
    ///   - source: its name.
    ///   - services: full names; all of the descriptor if empty.
    package static func text(
        descriptor: [UInt8], source: String, services: [String]
    ) throws(Fault) -> String {
        let outline = try ServiceOutline(descriptor, source: source)
        let chosen = try outline.services(named: services)
        return head("switchover init, from \(source)") + StarterServices(outline, chosen).text
    }

    package static func text(old: Table, new: Table) throws(Fault) -> String {
        do {
            let old = try SQLiteTableOutline(path: old.path, table: old.name)
            let new = try SQLiteTableOutline(path: new.path, table: new.name)
            return head("switchover init, from the tables \(old.table) and \(new.table)")
                + StarterRecords(old: old, new: new).text
        } catch {
            throw Fault(description: error.description)
        }
    }

    private static func head(_ origin: String) -> String {
        """
        # Made by: \(StarterLines.printable(origin))
        #
        # Lines marked "guess" were guessed from names and shapes: look at each, then take the mark away. Lines marked
        # "decide" need you, and a value that is still "decide" is refused.
        # Then: switchover check, switchover init-switches, switchover serve.
        listen: 127.0.0.1:7400                                    # where the app calls from now on, in place of old
        stats: 127.0.0.1:7401                                     # /metrics /stats /config /healthz /readyz


        """
    }
}
