// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "swift-client",
    // No traits: the client library alone, without what the sidecar is made of.
    dependencies: [.package(name: "switchover", path: "../..", traits: [])],
    targets: [
        .executableTarget(
            name: "Orders", dependencies: [.product(name: "SwitchoverClient", package: "switchover")])
    ]
)
