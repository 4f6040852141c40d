import Foundation
import Migration
import Testing
import WireFormat

@testable import Sidecar

@Suite struct SwitchFileReaderTests {
    static let whole = """
        { "version": 1,
          "migrations": {
            "orders": { "epoch": 12, "phase": "migrating",
              "enrolled": "all",
              "gray": { "deny": ["367"], "allow": ["406", "407"], "percent": 2.5 } },
            "users": { "epoch": 1, "phase": "idle", "enrolled": "all", "gray": "none" }
          } }
        """

    static let migrations = [
        SwitchedMigration(name: "orders", keyForm: GrayKeyForm(components: [.integer])),
        SwitchedMigration(name: "users", keyForm: GrayKeyForm(components: [.text])),
    ]

    static func read(
        _ text: String, path: String = "s.json", _ migrations: [SwitchedMigration] = migrations
    ) throws(InvalidFile) -> (snapshot: SwitchSnapshot, warnings: [String]) {
        var reader = SwitchFileReader(path: path, migrations: migrations)
        return (try reader.read(Array(text.utf8)), reader.warnings.map(\.description))
    }

    /// The same with one migration, whose gray set is the text.
    static func read(gray: String, form: [GrayKeyForm.Component] = [.text], path: String = "s.json") throws(InvalidFile)
        -> SwitchSnapshot
    {
        let text = """
            {"version": 1, "migrations": {"orders":
            {"epoch": 1, "phase": "migrating", "enrolled": "all", "gray":
            \(gray)
            }}}
            """
        return try read(text, path: path, [SwitchedMigration(name: "orders", keyForm: GrayKeyForm(components: form))])
            .snapshot
    }

    static func stage(_ key: [UInt8], in snapshot: SwitchSnapshot, _ index: Int = 0) throws -> Stage {
        let switches = try #require(snapshot.table[index])
        return key.withUnsafeBytes { switches.pointee.stage(key: $0) }
    }

    static func errors(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    @Test func aFileBecomesSwitchesByTheMigrationsPosition() throws {
        let (snapshot, warnings) = try Self.read(Self.whole)
        #expect(warnings.isEmpty)
        #expect(snapshot.summaries.map { $0?.epoch } == [12, 1])
        #expect(snapshot.summaries.map { $0?.phase } == [.migrating, .idle])
        #expect(snapshot.summaries[0]?.gray == "1 denied, 2 allowed, 2.5 %")
        #expect(try Self.stage(Array("367".utf8), in: snapshot) == .dualOld)
        #expect(try Self.stage(Array("406".utf8), in: snapshot) == .dualNew)
        #expect(try Self.stage(Array("406".utf8), in: snapshot, 1) == .old)
        let epoch = try #require(snapshot.table[0]).pointee.epoch
        #expect(epoch == 12)
    }

    @Test func aMigrationThatIsNotInTheFileHasNoSwitches() throws {
        let text = #"{"version": 1, "migrations": {"users": {"epoch": 1, "phase": "retired"}, "odrers": {}}}"#
        let (snapshot, warnings) = try Self.read(text)
        #expect(snapshot.table[0] == nil)
        #expect(snapshot.table[1] != nil)
        #expect(snapshot.summaries[0] == nil)
        #expect(
            warnings == [
                "s.json:1: migrations.odrers: the configuration has no migration \"odrers\" (did you mean orders?)",
                "s.json:1: migration orders is not in the file; its calls are refused (no-switches)",
            ])
    }

    @Test func switchesThatAreNotKnownAreNilForEveryMigration() {
        let snapshot = SwitchSnapshot(unknown: 3)
        for index in 0..<3 { #expect(snapshot.table[index] == nil) }
        #expect(snapshot.summaries == [nil, nil, nil])
        #expect(SwitchSnapshot(unknown: 0).summaries.isEmpty)
    }

    @Test(arguments: [
        ("\"all\"", Stage.dualNew, "all"), ("\"none\"", .dualOld, "none"), ("{}", .dualOld, "none"),
        (#"{"allow": ["a"]}"#, .dualNew, "1 allowed"), (#"{"allow": ["b"]}"#, .dualOld, "1 allowed"),
        (#"{"percent": 100}"#, .dualNew, "100.0 %"), (#"{"percent": 0}"#, .dualOld, "none"),
        (#"{"percent": 100, "deny": ["a"], "allow": ["a"]}"#, .dualOld, "1 denied, 1 allowed, 100.0 %"),
        (#"{"deny": ["a"]}"#, .dualOld, "none"),
    ])
    func setsFollowDenyAllowPercent(gray: String, stage: Stage, summary: String) throws {
        let snapshot = try Self.read(gray: gray)
        #expect(try Self.stage(Array("a".utf8), in: snapshot) == stage)
        #expect(snapshot.summaries[0]?.gray == summary)
    }

    @Test func percentagesCountInHundredths() throws {
        for (text, hundredths) in [("2.5", 250), ("0.01", 1), ("99.99", 9999), ("7", 700), ("0.10", 10)] {
            let snapshot = try Self.read(gray: "{\"percent\": \(text)}")
            let switches = try #require(snapshot.table[0])
            let found = switches.pointee.gray.percentTimes100
            #expect(found == UInt32(hundredths))
        }
    }

    @Test func keysTakeTheirCanonicalForm() throws {
        let bytes = try Self.read(gray: #"{"allow": ["hex:", "hex:0A0b"]}"#, form: [.bytes])
        #expect(try Self.stage([], in: bytes) == .dualNew)
        #expect(try Self.stage([0x0A, 0x0B], in: bytes) == .dualNew)
        let pair = try Self.read(gray: #"{"allow": [["406", "true"]]}"#, form: [.integer, .bool])
        let canonical: [UInt8] = [0, 0, 0, 3] + Array("406".utf8) + [0, 0, 0, 4] + Array("true".utf8)
        #expect(try Self.stage(canonical, in: pair) == .dualNew)
        let text = try Self.read(gray: #"{"allow": ["hex:0a", " 012 "]}"#)
        #expect(try Self.stage(Array("hex:0a".utf8), in: text) == .dualNew)
        #expect(try Self.stage(Array(" 012 ".utf8), in: text) == .dualNew)
        let extremes = #"{"allow": ["-9223372036854775808", "18446744073709551615", "0", "-1"]}"#
        let integers = try Self.read(gray: extremes, form: [.integer])
        #expect(try Self.stage(Array("18446744073709551615".utf8), in: integers) == .dualNew)
    }

    @Test(arguments: [
        ("[]", "s.json:1: expected a mapping (key: value), found a list"),
        ("{}", "s.json:1: key \"version\" is missing; write version: 1"),
        (
            #"{"version": 2, "migrations": {}}"#,
            "s.json:1: version: version 2 is not known to this build, which reads version 1"
        ),
        (#"{"version": "1", "migrations": {}}"#, "s.json:1: version: expected a whole number, found \"1\""),
        (#"{"version": 1}"#, "s.json:1: key \"migrations\" is missing; write migrations: { ... }"),
        (
            #"{"version": 1, "migrations": {}, "extra": 1}"#,
            "s.json:1: extra: unknown key \"extra\"; write one of version, migrations"
        ),
    ])
    func aWrongDocumentIsNamedWithItsLine(text: String, problem: String) {
        #expect(Self.errors(text).first == problem)
    }

    @Test(arguments: [
        (
            "\"epoch\": 12", "\"epoch\": 0",
            "s.json:3: migrations.orders.epoch: 0 is out of range; write 1 to 9223372036854775807"
        ),
        ("\"epoch\": 12", "\"epoch\": -1", "s.json:3: migrations.orders.epoch: expected a whole number, found \"-1\""),
        (
            "\"epoch\": 12", "\"epoch\": \"12\"",
            "s.json:3: migrations.orders.epoch: expected a whole number, found \"12\""
        ),
        (
            "\"epoch\": 12, ", "",
            "s.json:3: migrations.orders: key \"epoch\" is missing; write epoch: the number of the last change and 1"
        ),
        (
            "\"migrating\"", "\"migratin\"",
            "s.json:3: migrations.orders.phase: unknown phase \"migratin\"; "
                + "write one of idle, migrating, mirrored, finished, retired (did you mean migrating?)"
        ),
        (
            "\"enrolled\": \"all\",\n", "",
            "s.json:3: migrations.orders: key \"enrolled\" is missing; write enrolled: \"all\", \"none\" or { ... }"
        ),
        (
            "\"enrolled\": \"all\",\n", "\"enrolled\": \"some\",\n",
            "s.json:4: migrations.orders.enrolled: unknown set \"some\"; write one of all, none"
        ),
        (
            "\"deny\"", "\"denny\"",
            "s.json:5: migrations.orders.gray.denny: unknown key \"denny\"; "
                + "write one of deny, deny_file, allow, allow_file, percent (did you mean deny?)"
        ),
        (
            "[\"367\"]", "[367]",
            "s.json:5: migrations.orders.gray.deny[0]: expected a key in double quotes, found 367"
        ),
        (
            "\"407\"", "\"0407\"",
            "s.json:5: migrations.orders.gray.allow[1]: \"0407\" is no canonical integer; "
                + "write decimal digits without leading zeros, like 406"
        ),
        (
            "\"407\"", "\"18446744073709551616\"",
            "s.json:5: migrations.orders.gray.allow[1]: \"18446744073709551616\" is no canonical integer; "
                + "write decimal digits without leading zeros, like 406"
        ),
        (
            "2.5", "100.01",
            "s.json:5: migrations.orders.gray.percent: expected a number from 0 to 100 with at most two decimals, "
                + "found 100.01"
        ),
        (
            "2.5", "0.001",
            "s.json:5: migrations.orders.gray.percent: expected a number from 0 to 100 with at most two decimals, "
                + "found 0.001"
        ),
        (
            "2.5", "-1",
            "s.json:5: migrations.orders.gray.percent: expected a number from 0 to 100 with at most two decimals, "
                + "found -1"
        ),
        (
            "2.5", "4294967297",
            "s.json:5: migrations.orders.gray.percent: expected a number from 0 to 100 with at most two decimals, "
                + "found 4294967297"
        ),
        ("2.5", "\"2.5\"", "s.json:5: migrations.orders.gray.percent: expected a number from 0 to 100, found \"2.5\""),
        (
            "\"users\": {", "\"orders\": {",
            "s.json:6: migrations.orders: duplicate key, it stands on line 3 already; keep one of them"
        ),
    ])
    func aWrongValueIsNamedWithItsLineAndPath(part: String, by: String, problem: String) {
        let text = Self.whole.replacingOccurrences(of: part, with: by)
        #expect(text != Self.whole)
        #expect(Self.errors(text) == [problem])
    }

    @Test(arguments: [
        (GrayKeyForm.Component.integer, ["", "-", "-0", "+1", "1.0", "0x1", "-9223372036854775809", "1e3"]),
        (.bool, ["", "1", "True"]), (.bytes, ["", "0a", "hex:0", "hex:0g", "HEX:00"]),
    ])
    func keysThatAreNotCanonicalAreRefused(component: GrayKeyForm.Component, keys: [String]) {
        let form = GrayKeyForm(components: [component])
        for key in keys {
            var bytes: [UInt8] = []
            #expect(throws: GrayKeyForm.Malformed.self, "\(key)") {
                try form.append([Array(key.utf8)[...]], to: &bytes)
            }
        }
    }

    @Test func aKeyHasTheScannersLengthAtMost() throws {
        let longest = String(repeating: "a", count: 1024)
        let snapshot = try Self.read(gray: "{\"allow\": [\"\(longest)\"]}")
        #expect(try Self.stage(Array(longest.utf8), in: snapshot) == .dualNew)
        let error = #expect(throws: InvalidFile.self) { try Self.read(gray: "{\"allow\": [\"\(longest)a\"]}") }
        #expect(
            error?.description
                == "s.json:3: migrations.orders.gray.allow[0]: a key has at most 1024 bytes, found 1025")
    }

    @Test func filesOfKeysAreReadBesideTheSwitchFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("406\r\n\n407", to: "allow.txt")
        try folder.write("407\n", to: "deny.txt")
        let gray = #"{"allow_file": "allow.txt", "allow": ["1"], "deny_file": "deny.txt"}"#
        let snapshot = try Self.read(gray: gray, form: [.integer], path: folder.path("s.json"))
        #expect(snapshot.summaries[0]?.gray == "1 denied, 3 allowed")
        for (key, stage) in [("1", Stage.dualNew), ("406", .dualNew), ("407", .dualOld), ("", .dualOld)] {
            #expect(try Self.stage(Array(key.utf8), in: snapshot) == stage)
        }
    }

    @Test func componentsOfAKeyInAFileHaveATabBetweenThem() throws {
        let folder = try TemporaryFolder()
        try folder.write("406\tnorth\n", to: "keys")
        let snapshot = try Self.read(
            gray: #"{"allow_file": "keys"}"#, form: [.integer, .text], path: folder.path("s.json"))
        let canonical: [UInt8] = [0, 0, 0, 3] + Array("406".utf8) + [0, 0, 0, 5] + Array("north".utf8)
        #expect(try Self.stage(canonical, in: snapshot) == .dualNew)
    }

    @Test func wrongLinesOfAFileOfKeysAreNamedTheFirstTwenty() throws {
        let folder = try TemporaryFolder()
        try folder.write("406\n0407\n" + String(repeating: "x\n", count: 100), to: "keys")
        let error = #expect(throws: InvalidFile.self) {
            try Self.read(gray: #"{"allow_file": "keys"}"#, form: [.integer], path: folder.path("s.json"))
        }
        let advice = "is no canonical integer; write decimal digits without leading zeros, like 406"
        #expect(error?.diagnostics.first?.description == "\(folder.path("keys")):2: \"0407\" \(advice)")
        #expect(error?.diagnostics.count == 20)
        let missing = #expect(throws: InvalidFile.self) {
            try Self.read(gray: #"{"deny_file": "none"}"#, path: folder.path("s.json"))
        }
        #expect(
            missing?.description == "\(folder.path("s.json")):3: migrations.orders.gray.deny_file: "
                + "cannot read \(folder.path("none")): No such file or directory")
    }

    @Test func aLongListIsReadAndEveryKeyOfItFound() throws {
        let folder = try TemporaryFolder()
        let keys = (0..<100_000).map { "\($0 * 7)" }
        try folder.write(keys.joined(separator: "\n"), to: "keys")
        let snapshot = try Self.read(gray: #"{"allow_file": "keys"}"#, form: [.integer], path: folder.path("s.json"))
        let switches = try #require(snapshot.table[0])
        let count = switches.pointee.gray.allow.count
        #expect(count == 100_000)
        for number in stride(from: 0, to: 100_000, by: 997) {
            #expect(try Self.stage(Array("\(number * 7)".utf8), in: snapshot) == .dualNew)
            #expect(try Self.stage(Array("\(number * 7 + 1)".utf8), in: snapshot) == .dualOld)
        }
    }

    @Test func equalSwitchesHaveEqualFingerprintsOthersDoNot() throws {
        let texts = [
            #""all""#, #""none""#, #"{"allow": ["1", "2"]}"#, #"{"allow": ["12"]}"#, #"{"deny": ["1", "2"]}"#,
            #"{"percent": 1}"#, #"{"percent": 2}"#, #"{"allow": ["1"], "percent": 1}"#,
        ]
        let fingerprints = try texts.map { try Self.read(gray: $0).summaries[0]?.fingerprint }
        #expect(Set(fingerprints).count == texts.count)
        let reordered = try Self.read(gray: #"{ "allow": ["2", "1"] }"#).summaries[0]?.fingerprint
        #expect(reordered == fingerprints[2])
    }
}
