// swift-tools-version: 6.2
import PackageDescription

// Benchmarks that need what the main package should not build. Its modules are internal to it, so they are compiled
// here as targets of this package: the folders in Sources are links to its own.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "benchmarks",
    dependencies: [.package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0")],
    targets: [
        .target(name: "WireFormat", swiftSettings: settings),
        .target(name: "Migration", dependencies: ["WireFormat"], swiftSettings: settings),
        .executableTarget(
            name: "MergeBenchmark",
            dependencies: [
                "Migration", "WireFormat", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["rows.proto"],
            swiftSettings: settings
        ),
    ]
)
