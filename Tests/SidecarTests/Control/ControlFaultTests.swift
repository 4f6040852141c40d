import Migration
import SwiftProtobuf
import SwitchoverProtocol
import Testing
import WireFormat

@testable import Sidecar

/// Sets that a command changes.
@Suite struct ControlFaultTests {
    private static let form = GrayKeyForm(components: [.integer])

    private static func keys(_ components: [String]) -> Switchover_V1_SetChange.Keys {
        .with { $0.keys = [.with { $0.components = components }] }
    }

    /// control.proto: INVALID_ARGUMENT where a key is malformed. It is so where the set stays as it was, too: all keys
    /// are in it, or this one is in no list.
    @Test(arguments: [["406", "7"], [], ["012"], ["north"]])
    func malformedKeysAreRefusedThoughTheyChangeNothing(components: [String]) {
        let keys = Self.keys(components)
        for change in [Switchover_V1_SetChange.with { $0.add = keys }, .with { $0.remove = keys }] {
            for set in [KeySelection.all, KeySelection()] {
                let fault = #expect(throws: ControlFault.self) { _ = try set.applying(change, Self.form) }
                #expect(fault?.status == .invalidArgument)
            }
        }
    }

    @Test func allKeysHaveAnyOther() throws {
        let change = Switchover_V1_SetChange.with { $0.add = Self.keys(["406"]) }
        #expect(try KeySelection.all.applying(change, Self.form) == .all)
    }
}
