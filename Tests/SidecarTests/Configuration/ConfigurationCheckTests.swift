import Foundation
import TestSupport
import Testing

@testable import Sidecar

/// Wrong configurations and the exact words that each gets.
@Suite struct ConfigurationCheckTests {
    /// A configuration that is right; the cases below replace or add one line of it.
    static let right = """
        listen: 127.0.0.1:7400
        upstreams:
          a: { address: 127.0.0.1:1 }
          b: { address: 127.0.0.1:2 }
        migrations:
          orders:
            old: a
            new: b
            services: [shop.v1.Orders]
            gray_key: { path: 1, type: string }
            methods:
              Get: { kind: single_query }
              Watch: { kind: pass_through, effect: read }
        """

    static func errors(_ text: String, _ overrides: ConfigurationOverrides = ConfigurationOverrides()) -> [String] {
        do {
            _ = try Configuration.parse(text, file: "s.yaml", overrides: overrides)
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    struct Case: CustomTestStringConvertible {
        /// The line of `right` that is replaced, or nil to add lines before the first.
        let line: String?
        let by: String
        let says: [String]

        init(_ line: String?, by text: String, says: String...) {
            self.line = line
            by = text
            self.says = says
        }

        var testDescription: String { by }
        var text: String {
            guard let line else { return "\(by)\n\(right)" }
            precondition(right.contains(line), "the case replaces a line that is not there")
            return right.replacingOccurrences(of: line, with: by)
        }
    }

    static let get = "      Get: { kind: single_query }"
    static let watch = "      Watch: { kind: pass_through, effect: read }"
    static let key = "    gray_key: { path: 1, type: string }"
    static let services = "    services: [shop.v1.Orders]"

    static let keys: [Case] = [
        Case(nil, by: "listn: x", says: "s.yaml:1: listn: unknown key \"listn\"; did you mean listen?"),
        Case(
            nil, by: "log: { levle: info }",
            says: "s.yaml:1: log.levle: unknown key \"levle\"; write one of level, format (did you mean level?)"),
        Case(
            nil, by: "log: { colour: red }",
            says: "s.yaml:1: log.colour: unknown key \"colour\"; write one of level, format"),
        Case(
            nil, by: "limits: { mesage_bytes: 1MiB }",
            says: "s.yaml:1: limits.mesage_bytes: unknown key \"mesage_bytes\"; did you mean message_bytes?"),
        Case(
            "    new: b", by: "    nwe: b",
            says: "s.yaml:6: migrations.orders: key \"new\" is missing; write new: the name of an upstream",
            "s.yaml:8: migrations.orders.nwe: unknown key \"nwe\"; did you mean new?"),
        Case(
            "    new: b", by: "    new: b\n    old: b",
            says: "s.yaml:9: migrations.orders.old: duplicate key, it stands on line 7 already; keep one of them"),
        Case(
            watch, by: "      Get: { kind: pass_through, effect: read }",
            says:
                "s.yaml:13: migrations.orders.methods.Get: duplicate key, it stands on line 12 already; keep one of "
                + "them"
        ),
        Case(
            "  b: { address: 127.0.0.1:2 }", by: "  b: {}",
            says: "s.yaml:4: upstreams.b: key \"address\" is missing; write address: host:port"),
    ]

    static let values: [Case] = [
        Case(nil, by: "workers: two", says: "s.yaml:1: workers: expected a whole number, found \"two\""),
        Case(nil, by: "workers: 0", says: "s.yaml:1: workers: 0 is out of range; write 1 to 256"),
        Case(nil, by: "workers: [1]", says: "s.yaml:1: workers: expected a whole number, found a list"),
        Case(nil, by: "workers:", says: "s.yaml:1: workers: expected a whole number, found nothing"),
        Case(
            nil, by: "allow_remote: yes",
            says: "s.yaml:1: allow_remote: expected on or off (true or false), found \"yes\""),
        Case(nil, by: "log: text", says: "s.yaml:1: log: expected a mapping (key: value), found a single value"),
        Case(
            nil, by: "log: { level: inof }",
            says: "s.yaml:1: log.level: unknown log level \"inof\"; "
                + "write one of trace, debug, info, notice, warning, error, critical (did you mean info?)"),
        Case(
            nil, by: "log: { format: xml }",
            says: "s.yaml:1: log.format: unknown log format \"xml\"; write one of text, json"),
        Case(
            nil, by: "access_log: { sample: 2 }",
            says: "s.yaml:1: access_log.sample: expected a number from 0 to 1, found \"2\""),
        Case(
            nil, by: "drain: { delay: 25 }",
            says: "s.yaml:1: drain.delay: \"25\" has no unit; write one of us, ms, s, m, h after the number"),
        Case(
            nil, by: "drain: { delay: 1.5s }",
            says:
                "s.yaml:1: drain.delay: \"1.5s\" is no whole number; write it in a smaller unit, like 1500ms for 1.5s"
        ),
        Case(
            nil, by: "drain: { timeout: 2h }",
            says: "s.yaml:1: drain.timeout: 2h is out of range; write 0s to 1h"),
        Case(
            nil, by: "limits: { message_bytes: 4MB }",
            says: "s.yaml:1: limits.message_bytes: unknown unit \"MB\" in \"4MB\"; "
                + "write one of KiB, MiB, GiB after a whole number"),
        Case(
            nil, by: "limits: { message_bytes: 99999999999999999999GiB }",
            says: "s.yaml:1: limits.message_bytes: 99999999999999999999GiB is out of range; write 1KiB to 1GiB"),
        Case(
            nil, by: "limits: { message_bytes: 32MiB }",
            says:
                "s.yaml:1: limits: connection_buffer is smaller than message_bytes, so that no such message could "
                + "pass; "
                + "write at least 32MiB",
            "s.yaml:1: limits: worker_buffer is smaller than message_bytes, so that no such message could pass; "
                + "write at least 32MiB"),
        Case(
            nil, by: "limits: { backoff_minimum: 6s }",
            says: "s.yaml:1: limits: backoff_minimum is longer than backoff_maximum; write it shorter or equal"),
    ]

    static let addresses: [Case] = [
        Case(
            "listen: 127.0.0.1:7400", by: "listen: 0.0.0.0:7400",
            says: "s.yaml:1: listen: 0.0.0.0:7400 can be reached from other machines; write 127.0.0.1:7400, "
                + "or allow it: allow_remote: true (--allow-remote)"),
        Case(
            nil, by: "stats: \"[::]:9000\"",
            says: "s.yaml:1: stats: [::]:9000 can be reached from other machines; write 127.0.0.1:7401, "
                + "or allow it: allow_remote: true (--allow-remote)"),
        Case(
            nil, by: "stats: 127.0.0.1:7400",
            says: "s.yaml:1: stats: 127.0.0.1:7400 is the data port's address already; write another port, or off"),
        Case(
            "  b: { address: 127.0.0.1:2 }", by: "  b: { address: 127.0.0.1:7400 }",
            says:
                "s.yaml:4: upstreams.b.address: 127.0.0.1:7400 is the sidecar's own data port; write the service's "
                + "address"
        ),
        Case(
            "  b: { address: 127.0.0.1:2 }", by: "  b: { address: 127.0.0.1 }",
            says: "s.yaml:4: upstreams.b.address: \"127.0.0.1\" has no port; write host:port, [v6]:port or unix:/path"),
        Case(
            "  b: { address: 127.0.0.1:2 }", by: "  b: { address: 127.0.0.1:0 }",
            says: "s.yaml:4: upstreams.b.address: port \"0\" of \"127.0.0.1:0\" is none; write a number from 1 to 65535"
        ),
        Case(
            "  b: { address: 127.0.0.1:2 }", by: "  b: { address: 127.0.0.1:1 }",
            says: "s.yaml:8: migrations.orders.new: old (a) and new (b) have the same address, 127.0.0.1:1; change "
                + "one"),
        Case(
            "  b: { address: 127.0.0.1:2 }", by: "  2b: { address: 127.0.0.1:2 }",
            says: "s.yaml:4: upstreams.2b: \"2b\" cannot name an upstream; "
                + "write a letter, then letters, digits, -, _ or ., 64 at most",
            "s.yaml:8: migrations.orders.new: unknown upstream \"b\"; write under upstreams: b: { address: "
                + "host:port }"),
    ]

    static let migrations: [Case] = [
        Case(
            "    new: b", by: "    new: orders-new",
            says: "s.yaml:8: migrations.orders.new: unknown upstream \"orders-new\"; "
                + "write under upstreams: orders-new: { address: host:port }"),
        Case(
            "    new: b", by: "    new: a",
            says: "s.yaml:8: migrations.orders.new: old and new are the same upstream, a; name another one"),
        Case(
            nil, by: "pass_through: ordres",
            says:
                "s.yaml:1: pass_through: unknown migration \"ordres\"; write one of orders, off (did you mean "
                + "orders?)"),
        Case(
            services, by: "    services: []",
            says:
                "s.yaml:9: migrations.orders.services: the list is empty; write at least one service: [package.Service]"
        ),
        Case(
            services, by: "    services: shop.v1.Orders",
            says: "s.yaml:9: migrations.orders.services: expected a list ([a, b]), found a single value"),
        Case(
            services, by: "    services: [shop.v1.Orders, /shop.v1.Carts]",
            says: "s.yaml:9: migrations.orders.services[1]: \"/shop.v1.Carts\" is no service name; "
                + "write package.Service, like shop.v1.Orders"),
        Case(
            services, by: "    services: [shop.v1.Orders, shop.v1.Orders]",
            says:
                "s.yaml:9: migrations.orders.services[1]: shop.v1.Orders belongs to this migration already on line 9; "
                + "name it once",
            "s.yaml:12: migrations.orders.methods.Get: the migration has several services; "
                + "write the full name, like shop.v1.Orders/Get",
            "s.yaml:13: migrations.orders.methods.Watch: the migration has several services; "
                + "write the full name, like shop.v1.Orders/Watch"),
        Case(
            watch, by: watch + "\n  carts: { old: a, new: b, services: [shop.v1.Orders] }",
            says:
                "s.yaml:14: migrations.carts.services[0]: shop.v1.Orders belongs to migration orders already on "
                + "line 9; "
                + "name it once"),
        Case(
            "    gray_key: { path: 1, type: string }", by: "    gray_fallback: maybe",
            says: "s.yaml:10: migrations.orders.gray_fallback: expected on or off (true or false), found \"maybe\"",
            "s.yaml:12: migrations.orders.methods.Get: a method of kind single_query needs a gray key; "
                + "write gray_key: { path: 1, type: string } here, or in the migration"),
    ]

    static let methods: [Case] = [
        Case(
            get, by: "      Get: { kind: single }",
            says: "s.yaml:12: migrations.orders.methods.Get.kind: unknown kind \"single\"; "
                + "write one of single_query, multi_query, update, upsert, insert, delete, "
                + "pass_through (did you mean single_query?)"
        ),
        Case(
            get, by: "      Get: {}",
            says: "s.yaml:12: migrations.orders.methods.Get: key \"kind\" is missing; "
                + "write kind: one of single_query, multi_query, update, upsert, insert, delete, pass_through"),
        Case(
            get, by: "      Get!: { kind: single_query }",
            says: "s.yaml:12: migrations.orders.methods.Get!: \"Get!\" is no method name; "
                + "write Get, or the full name package.Service/Get"),
        Case(
            get, by: "      shop.v1.Order/Get: { kind: single_query }",
            says: "s.yaml:12: migrations.orders.methods.shop.v1.Order/Get: "
                + "\"shop.v1.Order\" is no service of this migration; write shop.v1.Orders (did you mean "
                + "shop.v1.Orders?)"
        ),
        Case(
            watch, by: "      shop.v1.Orders/Get: { kind: pass_through, effect: read }",
            says: "s.yaml:13: migrations.orders.methods.shop.v1.Orders/Get: "
                + "shop.v1.Orders/Get is declared already on line 12; declare it once"),
        Case(
            watch, by: "      Watch: { kind: pass_through }",
            says: "s.yaml:13: migrations.orders.methods.Watch: key \"effect\" is missing; "
                + "write effect: read, or unsafe_write if the method changes records"),
        Case(
            watch, by: "      Watch: { kind: pass_through, effect: write, timeout: 1s }",
            says: "s.yaml:13: migrations.orders.methods.Watch.timeout: a method of kind pass_through has no timeout; "
                + "remove it, or write another kind",
            "s.yaml:13: migrations.orders.methods.Watch.effect: unknown effect \"write\"; "
                + "write one of read, unsafe_write"),
        Case(
            get, by: "      Get: { kind: single_query, effect: read }",
            says: "s.yaml:12: migrations.orders.methods.Get.effect: a method of kind single_query has no effect; "
                + "remove it, or write another kind"),
        Case(
            get, by: "      Get: { kind: single_query, absent: UNAVAILABLE }",
            says: "s.yaml:12: migrations.orders.methods.Get.absent: "
                + "UNAVAILABLE cannot mean absence, since failures have it too; "
                + "write one of NOT_FOUND, FAILED_PRECONDITION, INVALID_ARGUMENT, OUT_OF_RANGE"),
        Case(
            get, by: "      Get: { kind: single_query, absent: NOTFOUND }",
            says: "s.yaml:12: migrations.orders.methods.Get.absent: unknown status \"NOTFOUND\"; "
                + "write one of NOT_FOUND, FAILED_PRECONDITION, INVALID_ARGUMENT, OUT_OF_RANGE (did you mean "
                + "NOT_FOUND?)"
        ),
        Case(
            get, by: "      Get: { kind: single_query, timeout: 0s }",
            says: "s.yaml:12: migrations.orders.methods.Get.timeout: 0s is out of range; write 1ms to 24h"),
    ]

    static let grayKeys: [Case] = [
        Case(
            key, by: "    gray_key: { path: 1, type: strng }",
            says: "s.yaml:10: migrations.orders.gray_key.type: unknown type \"strng\"; did you mean string?"),
        Case(
            key, by: "    gray_key: { path: 1, type: double }",
            says: "s.yaml:10: migrations.orders.gray_key.type: floating point cannot be a key, "
                + "since equal numbers have several writings; choose another field"),
        Case(
            key, by: "    gray_key: { path: 1 }",
            says:
                "s.yaml:10: migrations.orders.gray_key: key \"type\" is missing; write type: the field's type in "
                + "the .proto file"
        ),
        Case(
            key, by: "    gray_key: { path: store.id, type: string }",
            says: "s.yaml:10: migrations.orders.gray_key.path: "
                + "'store' is not a field number; write numbers joined by dots, such as 1.3; the number "
                + "stands behind the = of the field in the .proto file"),
        Case(
            key, by: "    gray_key: { path: 1.19000, type: string }",
            says:
                "s.yaml:10: migrations.orders.gray_key.path: field number 19000 is reserved by protobuf (19000 to "
                + "19999)"
        ),
        Case(
            key, by: "    gray_key: { path: 1, type: string, presence: always }",
            says: "s.yaml:10: migrations.orders.gray_key.presence: unknown presence \"always\"; "
                + "write one of optional, required"),
        Case(
            key, by: "    gray_key: []",
            says: "s.yaml:10: migrations.orders.gray_key: a key has 1 to 4 components, found 0"),
        Case(
            get, by: "      Get: { kind: single_query, gray_key: { path: 2, type: int64 } }",
            says: "s.yaml:12: migrations.orders.methods.Get.gray_key: this key is made of (integer), "
                + "other keys of the migration of (text); make them alike"),
    ]

    @Test(arguments: keys + values + addresses + migrations + methods + grayKeys)
    func aWrongValueIsNamedWithItsLineItsPathAndWhatToWrite(wrong: Case) {
        #expect(Self.errors(wrong.text) == wrong.says)
    }

    @Test func theConfigurationThatTheCasesChangeIsRight() {
        #expect(Self.errors(Self.right) == [])
    }

    @Test func sectionsThatMustBeThereAreAskedFor() {
        #expect(
            Self.errors("workers: 1") == [
                "s.yaml:1: key \"upstreams\" is missing; "
                    + "write upstreams: and below it each upstream as name: { address: host:port }",
                "s.yaml:1: key \"migrations\" is missing; "
                    + "write migrations: and below it each migration with old, new, services and methods",
            ])
        #expect(Self.errors("") == ["s.yaml:1: the file is empty; write one with: switchover init"])
        #expect(
            Self.errors("upstreams: {}\nmigrations: {}") == [
                "s.yaml:2: migrations: there is no migration; write at least one with old, new and services"
            ])
    }

    @Test func allErrorsOfAFileAreReportedInTheOrderOfItsLines() {
        let text = Self.right.replacingOccurrences(of: "single_query", with: "single").replacingOccurrences(
            of: "new: b", with: "new: c")
        #expect(
            Self.errors("wrokers: 1\n" + text) == [
                "s.yaml:1: wrokers: unknown key \"wrokers\"; did you mean workers?",
                "s.yaml:9: migrations.orders.new: unknown upstream \"c\"; "
                    + "write under upstreams: c: { address: host:port }",
                "s.yaml:13: migrations.orders.methods.Get.kind: unknown kind \"single\"; "
                    + "write one of single_query, multi_query, update, upsert, insert, delete, pass_through "
                    + "(did you mean single_query?)",
            ])
    }

    @Test func textThatIsNoYAMLIsNamedWithItsLine() {
        #expect(
            Self.errors("listen: [1\nworkers: 2\n") == [
                "s.yaml:1: not valid YAML: a list [ ... ] has no end; close it with ]"
            ])
        #expect(
            Self.errors("a: &x 1\nb: *y\n") == [
                "s.yaml:2: not valid YAML: * refers to an anchor that is nowhere; put a text that begins with "
                    + "* in quotes"
            ])
        #expect(
            Self.errors("a: 1\n---\nb: 1\n") == [
                "s.yaml:2: not valid YAML: expected a single document in the stream, but found another document"
            ])
    }

    @Test func mangledFilesAreRefusedNeverFatal() {
        var random = SeededRandom(seed: 0x5EED)
        let alphabet = Array("{}[]:,-#&*!|>'\"%@ \n\tab01\u{E000}".unicodeScalars)
        for _ in 0..<2000 {
            var scalars = Array(ConfigurationTests.whole.unicodeScalars)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: scalars.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: scalars.remove(at: index)
                case 1: scalars.insert(alphabet.randomElement(using: &random)!, at: index)
                default: scalars.removeSubrange(index...)
                }
                if scalars.isEmpty { break }
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            for error in Self.errors(String(text)) { #expect(error.hasPrefix("s.yaml")) }
        }
    }
}
