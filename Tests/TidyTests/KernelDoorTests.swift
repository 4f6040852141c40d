import Testing

@Suite struct KernelDoorTests {
    @Test func everyCallOfTheSystemGoesThroughTheDoor() {
        for fault in SourceTree.repository.files.flatMap(KernelDoor.faults) { Issue.record("\(fault)") }
    }

    @Test(arguments: [
        ("Sources/Sidecar/A.swift", "let a = open(path, O_RDONLY)"),
        ("Sources/Sidecar/A.swift", "Glibc.close(descriptor)"),
        ("Sources/Stores/A.swift", "usleep(10)"),
        ("Sources/EventLoop/A.swift", "guard recv(a, b, c, 0) > 0 else { return }"),
        ("Sources/Sidecar/A.swift", "Thread.detachNewThread { look() }"),
        ("Sources/Stores/A.swift", "let queue = DispatchQueue(label: name)"),
        ("Sources/Migration/A.swift", "#if Simulation"),
        ("Tests/SidecarTests/A.swift", "#if !Simulation"),
    ])
    func fires(path: String, line: String) {
        #expect(KernelDoor.faults(in: SourceFile(path: path, text: line)).count == 1)
    }

    @Test(arguments: [
        ("Sources/EventLoop/Kernel.swift", "Glibc.close(descriptor)"),
        ("Sources/switchover/A.swift", "poll(&polled, 1, 10)"),
        ("Sources/Sidecar/A.swift", "socket.send(bytes)"),
        ("Sources/Sidecar/A.swift", "func close() { }"),
        ("Sources/Sidecar/A.swift", "private func open(_ flags: Int32) {}\nlet a = open(O_RDONLY)"),
        ("Sources/Sidecar/A.swift", "// open(path)"),
        ("Sources/Sidecar/A.swift", "let thread = try SystemThread.start()"),
        ("Sources/Sidecar/A.swift", "Kernel.close(descriptor)"),
    ])
    func letsOthersPass(path: String, text: String) {
        #expect(KernelDoor.faults(in: SourceFile(path: path, text: text)) == [])
    }
}
