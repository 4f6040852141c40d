import Logging

/// Follows a switch file on a thread of its own and delivers a snapshot whenever the switches in force change.
///
/// The folder is watched, not the file: a file that is replaced by a rename, or a link that is (as Kubernetes does), is
/// another file each time. Where the kernel has nothing to tell (lists of keys in other folders, network file systems),
/// a look once a second finds the change. What a reading means is decided by `SwitchFile`.
package final class SwitchFileWatcher: SwitchSource {
    private let thread: WatcherThread

    /// `deliver` and `report` are called on the watcher's thread. The first reading is delivered soon after `start`;
    /// until then, and as long as there is no usable file, switches are unknown (`SwitchSnapshot(unknown:)`).
    ///
    /// - Parameters:
    ///   - left: by sidecars before, by the migration's position.
    ///   - inForce: what calls are decided by, the same way; asked on the watcher's thread.
    package init(
        path: String, migrations: [SwitchedMigration], left: [LeftSwitches], cache: KeyListCache = KeyListCache(),
        inForce: @escaping @Sendable () -> [SwitchSummary?],
        deliver: @escaping @Sendable (SwitchSnapshot) -> Void,
        report: @escaping @Sendable (SwitchReport) -> Void
    ) {
        thread = WatcherThread { wake in
            var follower = SwitchFileFollower(
                path: path, migrations: migrations, before: Self.before(path, migrations, left, report), cache: cache,
                inForce: inForce, deliver: deliver, report: report)
            var folder = FolderWatch(FilePath.folder(of: path))
            if let failure = folder.failure {
                let message = "\(failure); changes of \(path) are found once a second instead of at once"
                report(SwitchReport(level: .warning, message: message, outcome: nil))
            }
            repeat { follower.look() } while folder.wait(milliseconds: 1000, wake: wake)
        }
    }

    private static func before(
        _ path: String, _ migrations: [SwitchedMigration], _ left: [LeftSwitches],
        _ report: (SwitchReport) -> Void
    ) -> [SwitchesBefore] {
        let audit = AuditFile(switchFile: path)
        return zip(migrations, left).map { migration, left in
            do {
                let newest = try audit.newest(of: migration.name)
                if newest.unreadable > 0 {
                    let message =
                        "\(audit.path) has lines that cannot be read after the newest change of \(migration.name) "
                        + "(\(newest.unreadable)); they are left out"
                    report(SwitchReport(level: .warning, message: message, outcome: nil))
                }
                return SwitchesBefore(audit: newest, left: left)
            } catch {
                let message = "\(error); whether \(path) went back in epoch while no sidecar ran is not known"
                report(SwitchReport(level: .warning, message: message, outcome: nil))
                return SwitchesBefore(left: left)
            }
        }
    }

    deinit { thread.stop() }

    package func start() throws(FileFailure) { try thread.start() }

    /// Ends the thread and waits for it: no callback comes after this returns. Not to be called from a callback.
    package func stop() { thread.stop() }
}
