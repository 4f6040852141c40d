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
var covered: [String: Int] = [:]
for seed in first..<(first + (numbers.dropFirst().first ?? 1)) {
    let scenario = Scenario(seed: seed)
    Watchdog.watch(seed, scenario)
    let fault = scenario.run()
    print("seed \(seed): \(fault ?? "holds"); \(scenario.summary)")
    covered.merge(scenario.coverage.cells) { $0 + $1 }
    if isVerbose || fault != nil {
        print(scenario.log.joined(separator: "\n"))
        if isVerbose { print(scenario.sidecarLog + scenario.sidecarFiles) }
    }
    if fault != nil {
        faults += 1
        print("replay: Tests/simulate \(seed)")
    }
    fflush(nil)
}
if !isVerbose { for cell in Coverage.possible { print("cell \(cell) \(covered[cell] ?? 0)") } }
exit(faults == 0 ? 0 : 1)
