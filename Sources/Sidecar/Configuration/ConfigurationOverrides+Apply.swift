import EventLoop

extension ConfigurationOverrides {
    /// Puts the options above what the file says. Paths count from the current folder, as a shell's user expects.
    func apply(to draft: inout ConfigurationDraft, _ issues: Issues) {
        let option = Option(issues: issues)
        if let listen = listen.flatMap({ option.address($0, "--listen", listens: true) }) { draft.listen = listen }
        if let stats {
            draft.stats = stats == "off" ? nil : option.address(stats, "--stats", listens: true) ?? draft.stats
        }
        if let control, let place = option.address("unix:" + control, "--control", listens: true),
            case .unix(let path) = place.value
        {
            draft.control = path
        }
        if let value = workers.map({ option.value($0, "--workers") }),
            let number = value.quantity(.count, in: ConfigurationReader.workerRange)
        {
            draft.workers = Int(number)
        }
        if let logLevel = logLevel.map({ option.value($0, "--log-level") }) {
            draft.log.level = logLevel.choice("log level", ConfigurationReader.logLevels) ?? draft.log.level
        }
        if let logFormat = logFormat.map({ option.value($0, "--log-format") }) {
            draft.log.format = logFormat.choice("log format", ConfigurationReader.logFormats) ?? draft.log.format
        }
        if allowRemote { draft.allowRemote = true }
        for text in upstreams { apply(upstream: text, to: &draft, option) }
    }

    private func apply(upstream text: String, to draft: inout ConfigurationDraft, _ option: Option) {
        let value = option.value(text, "--upstream")
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            return value.fail("expected NAME=ADDR like orders-old=127.0.0.1:50051, found \"\(text)\"")
        }
        guard let index = draft.upstreams.firstIndex(where: { $0.name == parts[0] }) else {
            let advice = Spelling.advice(for: parts[0], among: draft.upstreams.map(\.name))
            return value.fail("unknown upstream \"\(parts[0])\"; \(advice)")
        }
        if let address = option.address(parts[1], "--upstream", listens: false) {
            draft.upstreams[index].address = address
            draft.upstreams[index].database = nil
        }
    }

    private struct Option {
        let issues: Issues

        func value(_ text: String, _ name: String) -> DocumentValue {
            let node = DocumentNode(line: 0, content: .scalar(text, isQuoted: true))
            return DocumentValue(node: node, place: .option(name), issues: issues)
        }

        func address(_ text: String, _ name: String, listens: Bool) -> Placed<Address>? {
            do {
                return Placed(try Address(text, allowsAnyPort: listens), at: .option(name))
            } catch {
                issues.error(.option(name), error.description)
                return nil
            }
        }
    }
}
