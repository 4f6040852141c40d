package import Logging

/// Where the switches come from: follows what a `SwitchBook` says, whoever writes it, and tells on a thread of its own.
///
/// Made with three functions: it asks what calls are decided by; delivers a snapshot each time the switches in force
/// are to change, the first one soon after its start; and reports what it has found, each sentence once. What may be
/// taken over what is in force it decides itself: what it delivers comes into force.
///
/// The switch file's is the first (`SwitchFileWatcher`).
package protocol SwitchSource: Sendable {
    func start() throws
    /// Nothing is told any more once this has returned. Not to be called from what it tells.
    func stop()
}

/// What a source has to say; each sentence is said once per change of what it follows.
package struct SwitchReport: Sendable, Equatable {
    /// What a look came to.
    package enum Outcome: Sendable {
        case accepted
        case refused
    }

    package let level: Logger.Level
    package let message: String
    /// Nil for what is said besides.
    let outcome: Outcome?
}
