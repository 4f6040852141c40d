import EventLoop
import Glibc

guard Kernel.isSimulated else {
    print("build with --traits Sidecar,Simulation, in a build folder of its own: Tests/simulate does")
    exit(2)
}
let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let first = numbers.first ?? 1
let isVerbose = CommandLine.arguments.contains("--verbose")
var faults = 0
for seed in first..<(first + (numbers.dropFirst().first ?? 1)) {
    let scenario = Scenario(seed: seed)
    let fault = scenario.run()
    print("seed \(seed): \(fault ?? "holds"); \(scenario.summary)")
    if isVerbose || fault != nil {
        print(scenario.log.joined(separator: "\n"))
        if isVerbose { print(scenario.sidecarLog) }
    }
    if fault != nil {
        faults += 1
        print("replay: Tests/simulate \(seed)")
    }
    fflush(nil)
}
exit(faults == 0 ? 0 : 1)
