// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Settings of every target of ours; `Tests/run` sets SWITCHOVER_STRICT so that our own runs treat warnings as errors,
/// while the manifest stays usable as somebody's dependency.
let strict = ProcessInfo.processInfo.environment["SWITCHOVER_STRICT"] != nil
let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (strict ? [.unsafeFlags(["-warnings-as-errors"])] : [])

/// A product that the sidecar needs and the client library does not: an app that depends on the library with
/// `traits: []` neither fetches nor builds its package.
func ofSidecar(_ product: String, package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Sidecar"]))
}

let package = Package(
    name: "switchover",
    products: [
        .executable(name: "switchover", targets: ["switchover"]),
        .library(name: "SwitchoverClient", targets: ["SwitchoverClient"]),
    ],
    traits: [
        .default(enabledTraits: ["Sidecar"]),
        .trait(
            name: "Simulation",
            description: "Every call to the system goes to a machine in memory; for our own tests only."),
        .trait(name: "Sidecar", description: "What the sidecar and the command line need beside the client library."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "EventLoop", dependencies: ["CLinux"], swiftSettings: settings),
        .target(name: "WireFormat", swiftSettings: settings),
        .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: settings),
        .target(name: "HTTP2", dependencies: ["CNghttp2", "WireFormat"], swiftSettings: settings),
        .target(name: "Migration", dependencies: ["WireFormat"], swiftSettings: settings),
        .target(
            name: "Stores",
            dependencies: [
                "EventLoop", "Migration", "SwitchoverProtocol", "WireFormat",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                ofSidecar("GRDB", package: "GRDB.swift"), ofSidecar("GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SwitchoverProtocol",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            swiftSettings: settings
        ),
        .target(
            name: "Sidecar",
            dependencies: [
                "Compression", "EventLoop", "HTTP2", "Migration", "Stores", "SwitchoverProtocol", "WireFormat",
                ofSidecar("Logging", package: "swift-log"),
                ofSidecar("Yams", package: "Yams"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SwitchoverClient",
            dependencies: [
                "EventLoop", "HTTP2", "SwitchoverProtocol", "WireFormat",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "switchover",
            dependencies: [
                "Sidecar", "Stores", "SwitchoverClient", "SwitchoverProtocol",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                ofSidecar("ArgumentParser", package: "swift-argument-parser"),
                ofSidecar("Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "quickstart",
            dependencies: [
                "SwitchoverClient", ofSidecar("ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "examples/quickstart/Workload",
            swiftSettings: settings
        ),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "WireFormatTests",
            dependencies: ["TestSupport", "WireFormat", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: [
                "check_vectors.py", "Samples/make_corpus.py", "Samples/corpus.txt", "Samples/samples.proto",
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "CompressionTests", dependencies: ["Compression", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "MigrationTests", dependencies: ["Migration", "TestSupport", "WireFormat"], swiftSettings: settings),
        .testTarget(
            name: "SwitchoverClientTests",
            dependencies: [
                "EventLoop", "HTTP2", "switchover", "SwitchoverClient", "SwitchoverProtocol", "WireFormat",
                ofSidecar("GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SidecarTests",
            dependencies: ["Sidecar", "Stores", "TestSupport", ofSidecar("GRDB", package: "GRDB.swift")],
            swiftSettings: settings),
        .testTarget(
            name: "StoresTests",
            dependencies: [
                "EventLoop", "Migration", "Stores", "SwitchoverProtocol", "TestSupport", "WireFormat",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                ofSidecar("GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .executableTarget(
            name: "simulation",
            dependencies: [
                "CLinux", "EventLoop", "HTTP2", "Sidecar", "SwitchoverProtocol", "WireFormat",
                ofSidecar("GRDBSQLite", package: "GRDB.swift"), ofSidecar("Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Tests/SimulationTests", swiftSettings: settings),
    ]
)
