import Foundation
import Migration
import WireFormat

/// What would happen to a call, at each stage and now, without sending it: for `switchover plan`.
package struct CallInspection {
    /// Why there is nothing to say, in words for who asked.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    private let migration: MigrationConfiguration
    private let method: MethodConfiguration
    private let switches: SwitchSnapshot?
    private let message: [UInt8]?

    /// - Parameters:
    ///   - name: a method, as `Get`, `shop.v1.Orders/Get` or `/shop.v1.Orders/Get`.
    ///   - message: the request's bytes, without the gRPC prefix; nil where only the plan is wanted.
    package init(_ name: String, message: [UInt8]?, in configuration: Configuration) throws(Fault) {
        let found = configuration.migrations.flatMap { migration in
            migration.methods.filter { Self.names($0).contains(name) }.map { (migration, $0) }
        }
        guard found.count == 1, let (migration, method) = found.first else {
            let known = configuration.migrations.flatMap(\.methods).map { "\($0.service)/\($0.name)" }
            throw Fault(
                description: found.isEmpty
                    ? "no migration declares \(name); declared are \(known.joined(separator: ", "))"
                    : "several migrations declare \(name); write one of \(known.joined(separator: ", "))")
        }
        self.migration = migration
        self.method = method
        self.message = message
        var reader = SwitchFileReader(path: configuration.switches, migrations: configuration.switchedMigrations)
        switches = try? reader.read(
            FileContent.read(configuration.switches, limit: SwitchFileReader.fileBytesAtMost))
        index = configuration.migrations.firstIndex { $0.name == migration.name } ?? 0
    }

    /// The migration's position in the configuration.
    private let index: Int

    private static func names(_ method: MethodConfiguration) -> [String] {
        [method.name, "\(method.service)/\(method.name)", method.path]
    }

    /// The lines to print.
    package func lines() throws(Fault) -> [String] {
        var lines = ["\(method.path) of migration \(migration.name): \(method.plan.kind.name)"]
        let now = try stageNow(&lines)
        let next = stageAfter(&lines)
        lines.append("")
        for stage in Stage.allCases {
            let forecast = CallForecast(method.plan, write: method.write, at: stage, to: stage == now ? next : nil)
            let mark = stage == now ? ">" : " "
            let name = "\(stage.name)".padding(toLength: 12, withPad: " ", startingAt: 0)
            lines.append("\(mark) \(name) \(forecast.usual.joined(separator: ", then "))")
            if let absent = forecast.absent {
                lines.append("               absent on the first: \(absent.joined(separator: ", then "))")
            }
        }
        return lines
    }

    /// The stage that the switch file gives the request; nil where either is not known.
    private func stageNow(_ lines: inout [String]) throws(Fault) -> Stage? {
        let element = method.write?.element
        let key = element?.grayKey == nil ? try grayKey(&lines) : nil
        guard let current = switches?.table[index] else {
            lines.append("now: no switches, calls are refused (no-switches)")
            return nil
        }
        if let element, let plan = element.grayKey, let message {
            let standing = standing(of: message, element, plan, current)
            lines.append("now: epoch \(current.pointee.epoch), \(current.pointee.phase.name), \(Self.text(standing))")
            if case .stage(let stage, _) = standing { return stage }
            return nil
        }
        let stage: Stage? =
            method.plan.kind == .passThrough
            ? current.pointee.stageOfPassThrough
            : current.pointee.stageWithoutKey
                ?? key.map { key in key.withUnsafeBytes { current.pointee.stage(key: $0) } }
        let text = stage.map { "stage \($0.name)" } ?? "the stage depends on the gray key"
        lines.append("now: epoch \(current.pointee.epoch), \(current.pointee.phase.name), \(text)")
        return stage
    }

    /// The stage of the gray key that the request gives the record; nil where it keeps its own.
    private func stageAfter(_ lines: inout [String]) -> Stage? {
        guard let message, let plan = method.write?.newGrayKey, let current = switches?.table[index] else { return nil }
        guard let key = try? read(plan, message), key.bytes != method.write?.unsetNewGrayKey else { return nil }
        let stage = key.bytes.withUnsafeBytes { current.pointee.stage(key: $0) }
        let refused = method.write?.isGrayKeyImmutable == true ? ": refused where it is another one" : ""
        lines.append("new gray key: \(key), stage \(stage.name)\(refused)")
        return stage
    }

    private func standing(
        of message: [UInt8], _ element: ElementPlan, _ key: KeyPlan, _ switches: UnsafePointer<MigrationSwitches>
    ) -> ElementPlan.Standing {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 16)
        defer { scratch.deallocate() }
        return message.withUnsafeBytes { element.standing(of: $0, key, switches, held: nil, scratch: scratch) }
    }

    private static func text(_ standing: ElementPlan.Standing) -> String {
        switch standing {
        case .noRecord: "no record, which follows the total switch"
        case .stage(let stage, _): "stage \(stage.name)"
        case .mixed(let one, let other): "stages \(one.name) and \(other.name): refused (mixed-stages)"
        case .keyMissing, .keyTooLong, .unreadable: "the gray key of an element cannot be read"
        }
    }

    private func grayKey(_ lines: inout [String]) throws(Fault) -> [UInt8]? {
        guard let message else { return nil }
        if let write = method.write, write.element == nil {
            lines.append("record key: \(try read(write.recordKey, message))")
        }
        guard let plan = method.plan.key else { return nil }
        let key = try read(plan, message)
        lines.append("gray key: \(key)")
        return key.bytes
    }

    private func read(_ plan: KeyPlan, _ message: [UInt8]) throws(Fault) -> RecordKeyText {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyPlan.scratchBytes, alignment: 16)
        defer { scratch.deallocate() }
        let result = message.withUnsafeBytes { message -> Result<[UInt8], Fault> in
            switch plan.scan(message, scratch: scratch) {
            case .key(let key): .success(Array(key))
            case .missing(let component): .failure(Fault(description: "field \(plan[component].path) is missing"))
            case .tooLong(let component): .failure(Fault(description: "field \(plan[component].path) is too long"))
            case .malformed(let component, let offset, let fault):
                .failure(
                    Fault(description: "field \(plan[component].path) cannot be read: \(fault) at byte \(offset)"))
            }
        }
        switch result {
        case .success(let key): return RecordKeyText(key)
        case .failure(let fault): throw fault
        }
    }
}
