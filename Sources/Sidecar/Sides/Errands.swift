import EventLoop
import Synchronization

/// Has errands run by the workers, for whoever has one and belongs to another thread. They take turns.
final class Errands: Sendable {
    private let doors: [WorkerDoor]
    private let next = Atomic<Int>(0)

    /// - Parameter doors: at least one.
    init(_ doors: [WorkerDoor]) { self.doors = doors }

    /// Asks a side. `tell` is called once, by `mailbox`'s loop; not any more where that loop or the workers end first.
    func run(
        _ request: SideRequest, answerTo mailbox: Mailbox, _ tell: @escaping @Sendable (SideAnswer) -> Void
    ) {
        let door = doors[next.wrappingAdd(1, ordering: .relaxed).oldValue % doors.count]
        let isTaken = door.post { worker in
            Errand(request, on: worker) { ask, result in
                let answer = SideAnswer(ask, result)
                mailbox.post { tell(answer) }
            }.start()
        }
        if !isTaken { mailbox.post { tell(.unreachable("the sidecar is stopping")) } }
    }
}

/// The way to a worker from other threads.
struct WorkerDoor: Sendable {
    private let worker: SendablePointer<Worker>
    private let mailbox: Mailbox

    /// On the worker's thread, or before it runs.
    init(_ worker: WorkerPointer) {
        self.worker = SendablePointer(worker)
        mailbox = worker.pointee.loop.pointee.mailbox
    }

    /// Runs `work` on the worker's loop. False once that has stopped.
    @discardableResult
    func post(_ work: @escaping @Sendable (WorkerPointer) -> Void) -> Bool {
        let worker = worker
        return mailbox.post { work(worker.pointer) }
    }
}
