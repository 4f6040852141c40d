package import Migration

/// What is counted apart, fixed when the sidecar starts: nothing that a client sends can add to it.
package struct CountedNames: Sendable, Equatable {
    package struct Method: Sendable, Equatable {
        package let migration: String
        /// `package.Service/Method`, or `(other)` for a migration's methods that the configuration does not list, or
        /// `(unmatched)` for calls to services that no migration names.
        package let name: String
        /// The kind of its calls.
        package let kind: String

        package init(migration: String, name: String, kind: CallKind) {
            self.migration = migration
            self.name = name
            self.kind = kind.name
        }
    }

    /// By the position that calls are counted with.
    package let methods: [Method]
    /// By the position in the configuration.
    package let upstreams: [String]
    package let migrations: [String]

    package init(methods: [Method], upstreams: [String], migrations: [String]) {
        self.methods = methods
        self.upstreams = upstreams
        self.migrations = migrations
    }

    /// In the order of the routes: for each migration its methods and then `(other)`; last the calls that no migration
    /// takes, which count for the migration that they follow.
    package init(_ configuration: Configuration) {
        var methods: [Method] = []
        for migration in configuration.migrations {
            for method in migration.methods {
                let name = "\(method.service)/\(method.name)"
                methods.append(Method(migration: migration.name, name: name, kind: method.plan.kind))
            }
            methods.append(Method(migration: migration.name, name: "(other)", kind: .passThrough))
        }
        let followed = configuration.passThrough.map { configuration.migrations[$0.migrationIndex].name }
        methods.append(Method(migration: followed ?? "(none)", name: "(unmatched)", kind: .passThrough))
        self.init(
            methods: methods, upstreams: configuration.upstreams.map(\.name),
            migrations: configuration.migrations.map(\.name)
        )
    }
}
