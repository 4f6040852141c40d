import Glibc

/// Ends the simulation where a thread never gives its turn back: code that runs in a circle makes no call to the
/// kernel, so that the world cannot see it.
enum Watchdog {
    /// Of one turn, or of the checker with one record; seconds of the processor.
    private static let longest = 30
    // Unsafe because the main thread writes it while the other one reads: it may see the scenario before.
    nonisolated(unsafe) private static var watched: (seed: UInt64, scenario: Scenario)?

    static func watch(_ seed: UInt64, _ scenario: Scenario) {
        if watched == nil { start() }
        watched = (seed, scenario)
    }

    private static func start() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                Watchdog.look()
                return nil
            }, nil)
    }

    private static func look() {
        var (progress, since) = (UInt64.max, 0)
        while true {
            sleep(1)
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            guard let (seed, scenario) = watched else { continue }
            if scenario.progress != progress {
                (progress, since) = (scenario.progress, time.tv_sec)
            } else if time.tv_sec - since > longest {
                print("seed \(seed): \(scenario.world.current) runs in a circle: it never gives its turn back")
                print(scenario.log.joined(separator: "\n") + "\nreplay: Tests/simulate \(seed)")
                fflush(nil)
                _exit(1)
            }
        }
    }
}
