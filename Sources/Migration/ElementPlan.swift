package import WireFormat

/// How a request that writes several records names them: a repeated field with an element for each.
package struct ElementPlan: Sendable, Equatable {
    /// Elements of one request that are read; each is looked at several times while other calls of the worker wait.
    package static var elementsAtMost: Int { 1_000 }
    /// Of all requests together that are under way in one worker: a change of the switches looks at each while it holds
    /// writes.
    package static var underWayAtMost: Int { 50_000 }

    package let field: UInt32
    /// The gray key within an element; nil where the request has one for all.
    package let grayKey: KeyPlan?

    package init(field: UInt32, grayKey: KeyPlan?) {
        self.field = field
        self.grayKey = grayKey
    }

    /// Why the elements of a request are not read.
    package enum Excess: Sendable, Equatable {
        case ofRequest
        case underWay
    }

    /// Nil: they are read.
    ///
    /// - Parameter underWay: elements of other requests.
    package func excess(in message: UnsafeRawBufferPointer, underWay: Int) -> Excess? {
        let count = RepeatedField.count(of: field, in: message, upTo: Self.elementsAtMost + 1)
        if count > Self.elementsAtMost { return .ofRequest }
        return underWay + count > Self.underWayAtMost ? .underWay : nil
    }

    /// What the switches say of all records of a request.
    package enum Standing: Sendable, Equatable {
        /// There is no element.
        case noRecord
        /// - Parameter isMoving: whether a change that is under way alters the stage of one.
        case stage(Stage, isMoving: Bool)
        case mixed(Stage, Stage)
        /// An element's gray key is missing or too long: the component.
        case keyMissing(Int)
        case keyTooLong(Int)
        case unreadable(RowFault)
    }

    /// - Parameters:
    ///   - held: the switches that a change under way leads to or comes from; nil while there is none.
    ///   - key: the gray key within an element.
    ///   - pinned: the stage that the record of an element is pinned to; nil where the switches decide.
    package func standing(
        of message: UnsafeRawBufferPointer, _ key: KeyPlan, _ switches: UnsafePointer<MigrationSwitches>,
        held: UnsafePointer<MigrationSwitches>?, scratch: UnsafeMutableRawBufferPointer,
        pinned: (UnsafeRawBufferPointer) -> Stage? = { _ in nil }
    ) -> Standing {
        let elements: [Range<Int>]
        do throws(RowFault) {
            elements = try RepeatedField.ranges(of: field, in: message)
        } catch {
            return .unreadable(error)
        }
        var common: Stage?
        var isMoving = false
        for element in elements {
            let stage: Stage
            let content = UnsafeRawBufferPointer(rebasing: message[element])
            switch key.scan(content, scratch: scratch) {
            case .key(let key):
                let bySwitches = switches.pointee.stage(key: key)
                let isHeld = held.map { $0.pointee.stage(key: key) != bySwitches } ?? false
                // The key lies in the scratch memory, which the record's key is read into.
                if let pin = pinned(content) {
                    stage = pin
                } else {
                    stage = bySwitches
                    if isHeld { isMoving = true }
                }
            case .missing(let component): return .keyMissing(component)
            case .tooLong(let component): return .keyTooLong(component)
            case .malformed(_, let offset, let reason):
                return .unreadable(RowFault(offset: element.lowerBound + offset, reason: reason))
            }
            if let common, common != stage { return .mixed(common, stage) }
            common = stage
        }
        return common.map { .stage($0, isMoving: isMoving) } ?? .noRecord
    }

    /// The same where one gray key is all elements', whose stage is known.
    package func standing(
        of message: UnsafeRawBufferPointer, at stage: Stage, pinned: (UnsafeRawBufferPointer) -> Stage?
    ) -> Standing {
        do throws(RowFault) {
            var common: Stage?
            for element in try RepeatedField.ranges(of: field, in: message) {
                let stage = pinned(UnsafeRawBufferPointer(rebasing: message[element])) ?? stage
                if let common, common != stage { return .mixed(common, stage) }
                common = stage
            }
            return .stage(common ?? stage, isMoving: false)
        } catch {
            return .unreadable(error)
        }
    }
}
