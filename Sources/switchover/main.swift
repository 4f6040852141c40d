import Logging
import Sidecar

var overrides = ConfigurationOverrides()
let arguments = CommandLine.arguments
var index = 2
var file = "switchover.yaml"
while index + 1 < arguments.count {
    switch arguments[index] {
    case "--config": file = arguments[index + 1]
    case "--listen": overrides.listen = arguments[index + 1]
    case "--upstream": overrides.upstreams.append(arguments[index + 1])
    default: break
    }
    index += 2
}
let configuration = try Configuration.load(file, overrides: overrides)
let process = try SidecarProcess(configuration: configuration, logger: Logger(label: "switchover"))
_ = try process.run()
