import Migration
import Testing

@testable import Sidecar

@Suite struct EffectiveConfigurationTests {
    static let text = """
        listen: 127.0.0.1:7000
        upstreams:
          a: { address: 127.0.0.1:1001 }
          b: { address: "127.0.0.1:1002" }
        migrations:
          orders:
            old: a
            new: b
            services: [shop.v1.Orders]
            gray_key: { path: 1.3, type: string }
            methods:
              Get: { kind: single_query }
              Change:
                kind: update
                timeout: 2s
                record_key: { path: 2, type: int64 }
                put: { method: Put, fields: { 1: reply.1 } }
        """

    private static func parse(_ text: String, _ overrides: ConfigurationOverrides = .init()) throws -> Configuration {
        try Configuration.parse(text, file: "switchover.yaml", overrides: overrides)
    }

    @Test func optionsAndDefaultsAreInIt() throws {
        var overrides = ConfigurationOverrides()
        overrides.upstreams = ["b=127.0.0.1:2002"]
        overrides.workers = "3"
        let text = EffectiveConfiguration(try Self.parse(Self.text, overrides)).text
        let root = try YAMLDocument.parse(text, file: "")
        #expect(root["workers"]?.scalar == "3")
        #expect(root["stats"]?.scalar == "127.0.0.1:7401")
        #expect(root["upstreams"]?["b"]?["address"]?.scalar == "127.0.0.1:2002")
        #expect(root["limits"]?["lane_queue"]?.scalar == "100")
        let orders = root["migrations"]?["orders"]
        #expect(orders?["gray_fallback"]?.scalar == "true")
        #expect(orders?["inserts"]?.scalar == "new")
        #expect(orders?["methods"]?["Get"]?["timeout"]?.scalar == "30s")
        #expect(orders?["methods"]?["Get"]?["absent"]?.scalar == "NOT_FOUND")
        #expect(orders?["methods"]?["Change"]?["timeout"]?.scalar == "2s")
    }

    @Test func itIsJSONAndCouldBeServedAgain() throws {
        let configuration = try Self.parse(Self.text)
        let text = EffectiveConfiguration(configuration).text
        _ = try JSONDocument.parse(Array(text.utf8), file: "")
        let again = try Self.parse(text)
        #expect(EffectiveConfiguration(again).text == text)
        #expect(again.limits == configuration.limits)
        #expect(again.migrations[0].methods.map(\.plan.kind) == configuration.migrations[0].methods.map(\.plan.kind))
    }

    @Test func secretsAreMaskedByNameAndWithinAddresses() {
        let node = DocumentNode.mapping([
            ("password", .text("a")),
            ("list", DocumentNode(.sequence([.text("pg://me:b@host/db"), .text("pg://me@host")]))),
            ("address", .text("127.0.0.1:80")), ("request_token", .literal("4")),
        ])
        #expect(
            node.masked.json == #"{ "password": "***", "list": ["pg://me:***@host/db", "pg://me@host"], "#
                + #""address": "127.0.0.1:80", "request_token": 4 }"#)
    }
}
