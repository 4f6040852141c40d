import EventLoop
import Synchronization

/// What a database's table is like now. A connection that finds the schema changed reads the table again and puts it
/// here; the other connections, and the workers that judge requests, take it from here without a lock.
final class CurrentTable: @unchecked Sendable {
    // Sendable because a state is never changed, and lives as long as this.

    final class State: Sendable {
        let table: SQLiteTable
        /// SQLite's `schema_version`, which every change of the schema makes another one.
        let version: Int64
        /// Why the table cannot be used as it is now.
        let problem: String?

        init(_ table: SQLiteTable, version: Int64, problem: String? = nil) {
            self.table = table
            self.version = version
            self.problem = problem
        }
    }

    /// Nil for tables of no file.
    let file: DatabaseFile?
    private let present: Atomic<UnsafeRawPointer>
    /// All of them: somebody may be reading one that is over. There are as many as there were changes.
    private let states: Locked<[State]>

    init(_ first: State, file: DatabaseFile? = nil) {
        self.file = file
        present = Atomic(Self.pointer(first))
        states = Locked([first])
    }

    private static func pointer(_ state: State) -> UnsafeRawPointer {
        UnsafeRawPointer(Unmanaged.passUnretained(state).toOpaque())
    }

    var state: State { Unmanaged<State>.fromOpaque(present.load(ordering: .acquiring)).takeUnretainedValue() }

    func change(to state: State) {
        states.withLock { states in
            // Several connections may have found the same change.
            guard let last = states.last, last.version != state.version || last.problem != state.problem else {
                return
            }
            states.append(state)
            present.store(Self.pointer(state), ordering: .releasing)
        }
    }

    /// Why operations are refused; nil when they are not.
    var problem: String? { file?.problem ?? state.problem }
}
