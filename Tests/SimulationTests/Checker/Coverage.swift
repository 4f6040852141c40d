/// Which faults have hit which asks: by the stage that the sidecar decided the call by, the kind of the call, and
/// whether it was the call's first ask of a side or a later one.
struct Coverage {
    static let kinds = ["find", "list", "change", "save", "add", "remove"]
    /// What became of the ask: late, never answered, refused with UNAVAILABLE, made and answered with INTERNAL; its
    /// connection cut, held up in the network, told that the side goes elsewhere; the sidecar killed or told to end;
    /// its client gone.
    static let faults = [
        "late", "lost", "refused", "failed", "cut", "stalled", "goaway", "kill", "term", "left",
    ]
    private(set) var cells: [String: Int] = [:]

    mutating func note(_ ask: SideWatch.Ask, kind: String, isFirst: Bool, fault: String) {
        cells["\(ask.stage) \(kind) \(isFirst ? "first" : "later") \(fault)", default: 0] += 1
    }

    /// Every cell that there can be: one side alone is asked at the stages of one side, and by queries where new alone
    /// answers.
    static var possible: [String] {
        Stages.all.flatMap { stage in
            kinds.flatMap { kind in
                let isOfBoth = Stages.areDouble.contains(stage) && !(stage == "newMirrored" && isQuery(kind))
                return (isOfBoth ? ["first", "later"] : ["first"]).flatMap { step in
                    faults.map { "\(stage) \(kind) \(step) \($0)" }
                }
            }
        }
    }

    private static func isQuery(_ kind: String) -> Bool { kind == "find" || kind == "list" }
}
