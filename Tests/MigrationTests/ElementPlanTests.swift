import Testing
import WireFormat

@testable import Migration

/// What the switches say of all records that a write names: store 1 is at `old`, 2 and 4 at `dualOld`, 3 at `dualNew`.
@Suite struct ElementPlanTests {
    private static let field: UInt32 = 5

    private static func set(_ keys: [String]) throws -> GraySet {
        GraySet(allow: try KeySet(keys: keys.map { Array($0.utf8) }), cohort: Cohort(migration: "orders"))
    }

    private static func switches(gray: [String]) throws -> MigrationSwitches {
        MigrationSwitches(epoch: 2, phase: .migrating, enrolled: try set(["2", "3", "4"]), gray: try set(gray))
    }

    private static func message(_ stores: [String?]) -> [UInt8] {
        var message: [UInt8] = [0x08, 0x01]
        for store in stores {
            var element: [UInt8] = []
            if let store { FieldWriter.append(1, store.utf8, to: &element) }
            FieldWriter.append(field, element, to: &message)
        }
        return message
    }

    /// - Parameter next: the gray stores after a change that is under way; nil while there is none.
    private func standing(_ message: [UInt8], next: [String]? = nil) throws -> ElementPlan.Standing {
        let key = try KeyPlan([KeyField(path: FieldPath("1"), type: .string, presence: .required)])
        let plan = ElementPlan(field: Self.field, grayKey: key)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 16)
        defer { scratch.deallocate() }
        let switches = try Self.switches(gray: ["3"])
        let held = try Self.switches(gray: next ?? [])
        return withUnsafePointer(to: switches) { switches in
            withUnsafePointer(to: held) { held in
                message.withUnsafeBytes { message in
                    plan.standing(of: message, key, switches, held: next == nil ? nil : held, scratch: scratch)
                }
            }
        }
    }

    @Test func oneStageForAllIsTheCallsStage() throws {
        #expect(try standing(Self.message(["2"])) == .stage(.dualOld, isMoving: false))
        #expect(try standing(Self.message(["2", "4", "2"])) == .stage(.dualOld, isMoving: false))
        #expect(try standing(Self.message(["3", "3"])) == .stage(.dualNew, isMoving: false))
        #expect(try standing(Self.message(["1", "9"])) == .stage(.old, isMoving: false))
    }

    /// Contract, 2: a pinned record keeps its stage for all its calls.
    @Test func aPinnedRecordHasItsOwnStage() throws {
        let plan = ElementPlan(field: Self.field, grayKey: nil)
        func standing(_ stores: [String], at stage: Stage, pinned: [String: Stage]) -> ElementPlan.Standing {
            Self.message(stores).withUnsafeBytes { message in
                plan.standing(of: message, at: stage) { element in
                    pinned[String(decoding: element.dropFirst(2), as: UTF8.self)]
                }
            }
        }
        #expect(standing(["1", "9"], at: .old, pinned: [:]) == .stage(.old, isMoving: false))
        #expect(standing(["1", "9"], at: .old, pinned: ["9": .dualOld]) == .mixed(.old, .dualOld))
        #expect(standing(["9"], at: .old, pinned: ["9": .dualOld]) == .stage(.dualOld, isMoving: false))
        #expect(standing([], at: .new, pinned: ["9": .dualOld]) == .stage(.new, isMoving: false))
    }

    @Test func severalStagesAreMixed() throws {
        #expect(try standing(Self.message(["2", "4", "3"])) == .mixed(.dualOld, .dualNew))
        #expect(try standing(Self.message(["1", "2"])) == .mixed(.old, .dualOld))
    }

    @Test func aKeyThatMovesHoldsTheCall() throws {
        #expect(try standing(Self.message(["2", "4"]), next: ["3", "4"]) == .stage(.dualOld, isMoving: true))
        #expect(try standing(Self.message(["4", "2"]), next: ["3", "4"]) == .stage(.dualOld, isMoving: true))
        #expect(try standing(Self.message(["1"]), next: ["3", "4"]) == .stage(.old, isMoving: false))
    }

    /// `Protocol/limits.md`: 1,000 records of one call, 50,000 of all that are under way.
    @Test func soManyElementsAreRead() {
        func excess(_ count: Int, underWay: Int = 0) -> ElementPlan.Excess? {
            Self.message(Array(repeating: "1", count: count)).withUnsafeBytes {
                ElementPlan(field: Self.field, grayKey: nil).excess(in: $0, underWay: underWay)
            }
        }
        #expect(excess(0) == nil && excess(1_000) == nil)
        #expect(excess(1_001) == .ofRequest && excess(1_001, underWay: 50_000) == .ofRequest)
        #expect(excess(1_000, underWay: 49_000) == nil && excess(1, underWay: 49_999) == nil)
        #expect(excess(1_000, underWay: 49_001) == .underWay && excess(1, underWay: 50_000) == .underWay)
        #expect(excess(0, underWay: 50_000) == nil)
    }

    @Test func whatCannotBeReadIsNamed() throws {
        #expect(try standing(Self.message([])) == .noRecord)
        #expect(try standing([]) == .noRecord)
        #expect(try standing(Self.message(["2", nil])) == .keyMissing(0))
        let long = String(repeating: "x", count: KeyPlan.maxKeyBytes + 1)
        #expect(try standing(Self.message([long])) == .keyTooLong(0))
        let cut = Self.message(["2"]).dropLast()
        guard case .unreadable = try standing(Array(cut)) else {
            Issue.record("a cut message was read")
            return
        }
        guard case .unreadable(let fault) = try standing([0x2a, 0x02, 0x0a, 0x05]) else {
            Issue.record("a cut element was read")
            return
        }
        #expect(fault.offset == 2, "counted from the message's start")
    }
}
