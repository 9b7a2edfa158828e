// swift-tools-version: 6.2
import PackageDescription

/// Every target is built the same way: Swift 6 mode, the features that become the default in Swift 7, and no warning let through.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")

// A module imports only from rows above its own; ARCHITECTURE.md explains the rows and `make verify` checks them.
let package = Package(
    name: "vpsbridge",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "vpsbridge", targets: ["VPSBridge"])],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1",
            traits: ["ConfigurationSupport"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        // Row 0: C
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        // Row 1
        .target(name: "JSON", dependencies: ["CSimdJSON"], swiftSettings: settings),
        // Row 2
        .target(name: "Model", dependencies: ["JSON"], swiftSettings: settings),
        // Row 3
        .target(
            name: "Rules", dependencies: ["Model", "JSON", .product(name: "Yams", package: "Yams")],
            swiftSettings: settings),
        .target(name: "CurlTransport", dependencies: ["CCurl", "Model", tracing], swiftSettings: settings),
        .target(name: "Webhooks", dependencies: ["Model", "JSON", crypto], swiftSettings: settings),
        .target(
            name: "Store", dependencies: ["Model", "JSON", .product(name: "GRDB", package: "GRDB.swift"), crypto],
            swiftSettings: settings),
        // Row 4
        .target(name: "VPSAPI", dependencies: ["CurlTransport", "Model", "JSON"], swiftSettings: settings),
        .target(name: "Simulator", dependencies: ["Model", "JSON", hummingbird], swiftSettings: settings),
        // Row 5
        .target(
            name: "Engine",
            dependencies: ["Model", "JSON", "Rules", "Webhooks", "Store", "VPSAPI", "CurlTransport", crypto, lifecycle, logging],
            swiftSettings: settings),
        // Row 6
        .target(
            name: "Inbound", dependencies: ["Model", "JSON", "Webhooks", "Store", hummingbird, lifecycle, logging],
            swiftSettings: settings),
        .target(
            name: "RuleTesting",
            dependencies: ["Model", "JSON", "Rules", "Webhooks", "Store", "VPSAPI", "CurlTransport", "Engine", logging],
            swiftSettings: settings),
        // Row 7
        .executableTarget(
            name: "VPSBridge",
            dependencies: [
                "Model", "JSON", "Rules", "CurlTransport", "Webhooks", "Store", "VPSAPI", "Simulator", "Engine", "Inbound",
                "RuleTesting", hummingbird, lifecycle, logging, signals,
                .product(name: "ArgumentParser", package: "swift-argument-parser"), crypto,
            ],
            swiftSettings: settings),
        // What `make bench` measures beside the bridge
        .executableTarget(
            name: "BareHandler", dependencies: [hummingbird], path: "Benchmarks/BareHandler", swiftSettings: settings),
        .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
        .executableTarget(
            name: "RuleBench", dependencies: ["CAllocations", "Model", "JSON", "Rules"], path: "Benchmarks/RuleBench",
            swiftSettings: settings),
        .executableTarget(name: "CurlBench", path: "Benchmarks/CurlBench", linkerSettings: [.linkedLibrary("curl")]),
        .executableTarget(
            name: "TransportBench", dependencies: ["Model", "CurlTransport"], path: "Benchmarks/TransportBench",
            swiftSettings: settings),
        // Tests
        .target(name: "CThreadSanitizer", path: "Tests/CThreadSanitizer"),
        .executableTarget(
            name: "BridgeProof",
            dependencies: [
                "JSON", "Model", "Rules", "Webhooks", "Store", "CurlTransport", "VPSAPI", "Engine", "RuleTesting", "Simulator",
                logging,
            ],
            path: "Tests/BridgeProof", swiftSettings: settings),
        .testTarget(
            name: "BridgeTests",
            dependencies: [
                "CAllocations", "CThreadSanitizer", "Model", "JSON", "Rules", "CurlTransport", "Webhooks", "Store", "VPSAPI",
                "Simulator",
                "Engine", "Inbound", "RuleTesting", "VPSBridge", hummingbird,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                crypto, lifecycle, logging, tracing,
            ],
            swiftSettings: settings),
    ]
)
